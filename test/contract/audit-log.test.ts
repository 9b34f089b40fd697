// The files of the audit log: what is written, when a new one begins, and what a full disk does.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import type { AuditEvent } from '../../src/domain/ports/audit.ts'
import { type AuditFile, type AuditFiles, openAuditLog, type AuditLogOptions } from '../../src/storage/audit-log.ts'
import { eventually } from '../support/http-adapter.ts'

function event(eventID: string, userAgent = 'test'): AuditEvent {
  return {
    eventVersion: '1.11',
    userIdentity: { type: 'Root', principalId: '1', accountId: '1' },
    eventTime: '2026-11-21T12:00:00Z',
    eventSource: 'ecr.amazonaws.com',
    eventName: 'CreateRepository',
    awsRegion: 'us-east-1',
    sourceIPAddress: '127.0.0.1',
    userAgent,
    requestParameters: null,
    responseElements: null,
    requestID: 'r',
    eventID,
    readOnly: false,
    eventType: 'AwsApiCall',
  }
}

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-audit-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'audit')
}

function openLog(directory: string, options: Partial<AuditLogOptions> = {}) {
  const alarms: string[] = []
  const log = openAuditLog({
    directory,
    level: 'all',
    clock: { now: () => Date.UTC(2026, 10, 21, 12) },
    fileBytesMax: 1024 * 1024,
    filesMax: 3,
    alarm: (sentence, error) => void alarms.push(error instanceof Error ? `${sentence}: ${error.message}` : sentence),
    ...options,
  })
  return { log, alarms }
}

/** The ids of the events in a file, in order; throws when a line is not whole. */
async function idsIn(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  assert.equal(lines.pop(), '', 'the last line ends')
  return lines.map((line) => (JSON.parse(line) as AuditEvent).eventID) // written by the log under test
}

/** A disk in memory with room for so many bytes. */
function smallDisk(room: number) {
  const disk = { room, content: '' }
  const files: AuditFiles = {
    open: () => {
      const file: AuditFile = {
        size: disk.content.length,
        isTorn: false,
        write: (bytes) => {
          const taken = Math.min(disk.room, bytes.length)
          if (taken === 0) return Promise.reject(new Error('ENOSPC: no space left on device, write'))
          disk.room -= taken
          disk.content += Buffer.from(bytes.subarray(0, taken)).toString()
          return Promise.resolve(taken)
        },
        sync: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }
      return Promise.resolve(file)
    },
    rename: () => Promise.reject(new Error('nothing is full')),
    list: () => Promise.resolve([]),
    remove: () => Promise.resolve(),
  }
  return { disk, files }
}

describe('the file', () => {
  test('has one line an event, in order, for its owner only, and is whole when the log is closed', async (t) => {
    const directory = await folder(t)
    const { log, alarms } = openLog(directory)
    const ids = Array.from({ length: 500 }, (_, index) => `event ${index}`)
    for (const id of ids) log.record(event(id))
    await log.close()
    assert.deepEqual(await idsIn(join(directory, 'audit.jsonl')), ids)
    assert.equal((await stat(join(directory, 'audit.jsonl'))).mode & 0o777, 0o600)
    assert.equal((await stat(directory)).mode & 0o777, 0o700)
    assert.deepEqual(log.state(), { lost: 0, waitingBytes: 0, isFailing: false })
    assert.deepEqual(alarms, [])
  })

  test('is made by the first event only', async (t) => {
    const directory = await folder(t)
    const { log } = openLog(directory)
    await log.close()
    await assert.rejects(readdir(directory), { code: 'ENOENT' })
  })

  test('is synced by a flush, which says so', async (t) => {
    const directory = await folder(t)
    const { log } = openLog(directory)
    assert.equal(await log.flush(), true, 'there is nothing to bring to the disk')
    assert.equal(log.record(event('one')), true)
    assert.equal(await log.flush(), true)
    assert.deepEqual(await idsIn(join(directory, 'audit.jsonl')), ['one'])
    await log.close()
    assert.equal(log.record(event('late')), false)
    assert.equal(await log.flush(), false)
  })

  test('is not flushed while it can not be written or synced', async (t) => {
    const { disk, files } = smallDisk(0)
    const { log, alarms } = openLog('nowhere', { files, retryMs: 10 })
    t.after(() => log.close())
    log.record(event('one'))
    assert.equal(await log.flush(), false)
    disk.room = 10_000
    await eventually('the log is written again', () => !log.state().isFailing)
    assert.equal(await log.flush(), true)
    const unsyncable: AuditFiles = {
      ...files,
      open: async (path) => ({ ...(await files.open(path)), sync: () => Promise.reject(new Error('EIO: i/o error')) }),
    }
    const other = openLog('nowhere', { files: unsyncable })
    other.log.record(event('two'))
    assert.equal(await other.log.flush(), false)
    assert.deepEqual(other.alarms, ['the audit log nowhere/audit.jsonl can not be synced: EIO: i/o error'])
    assert.equal(alarms.length, 2)
  })

  test('is written soon, without a close', async (t) => {
    const directory = await folder(t)
    const { log } = openLog(directory)
    t.after(() => log.close())
    log.record(event('one'))
    await eventually('the event is written', () => log.state().waitingBytes === 0)
    assert.deepEqual(await idsIn(join(directory, 'audit.jsonl')), ['one'])
    log.record(event('two'))
    await eventually('the next one, too', () => log.state().waitingBytes === 0)
    assert.deepEqual(await idsIn(join(directory, 'audit.jsonl')), ['one', 'two'])
  })

  test('goes on after what is there, and a line that a crash cut stays alone', async (t) => {
    const directory = await folder(t)
    await mkdir(directory)
    await writeFile(join(directory, 'audit.jsonl'), '{"eventID":"one"}\n{"event')
    const { log } = openLog(directory)
    log.record(event('two'))
    await log.close()
    const [first, torn, second, end] = (await readFile(join(directory, 'audit.jsonl'), 'utf8')).split('\n')
    assert.deepEqual([first, torn, end], ['{"eventID":"one"}', '{"event', ''])
    assert.match(second ?? '', /"eventID":"two"/)
  })

  test('is ASCII: no character can do anything to a terminal', async (t) => {
    const directory = await folder(t)
    const { log } = openLog(directory)
    const agent = 'a\u001b[2J\u009b31m\u202e\r\n{"eventID":"forged"}\u{1f980}'
    log.record(event('one', agent))
    await log.close()
    const text = await readFile(join(directory, 'audit.jsonl'), 'utf8')
    assert.match(text, /^[\x20-\x7e]+\n$/)
    assert.equal((JSON.parse(text) as AuditEvent).userAgent, agent)
  })
})

describe('rotation', () => {
  test('a new file begins when one is full, lines stay whole, and the oldest go', async (t) => {
    const directory = await folder(t)
    const { log, alarms } = openLog(directory, { fileBytesMax: 1_000 })
    const ids = Array.from({ length: 17 }, (_, index) => `event ${index}`)
    for (const id of ids) {
      log.record(event(id))
      // One by one: each is looked at on its own.
      await eventually('it is written', () => log.state().waitingBytes === 0)
    }
    await log.close()
    const names = (await readdir(directory)).toSorted()
    assert.deepEqual(names, ['audit-20261121T120000006Z.jsonl', 'audit-20261121T120000007Z.jsonl', 'audit.jsonl'])
    const kept = await Promise.all(names.map((name) => idsIn(join(directory, name))))
    assert.deepEqual(kept.flat(), ids.slice(-kept.flat().length))
    assert.deepEqual(
      kept.map((ofFile) => ofFile.length),
      [2, 2, 1],
    )
    for (const name of names) assert.ok((await stat(join(directory, name))).size <= 1_000)
    assert.deepEqual(alarms, [])
  })
})

describe('R13 a full disk', () => {
  const failed =
    'the audit log nowhere/audit.jsonl can not be written: events wait, and are lost when too many do: ENOSPC: no space left on device, write'

  test('is told once, events wait, and the line that was cut is finished when there is room', async () => {
    const { disk, files } = smallDisk(500)
    // Over the size of a file by now: a new one must not begin in the middle of a line.
    const { log, alarms } = openLog('nowhere', { files, retryMs: 5, fileBytesMax: 600 })
    for (const id of ['one', 'two', 'three']) log.record(event(id))
    await eventually('the alarm', () => alarms.length === 1)
    await delay(50)
    assert.deepEqual(alarms, [failed])
    assert.equal(log.state().isFailing, true)
    assert.ok(log.state().waitingBytes > 0)
    disk.room = 1_000_000
    await eventually('the end of the alarm', () => alarms.length === 2)
    assert.deepEqual(alarms, [failed, 'the audit log is written again; 0 events were lost meanwhile'])
    await log.close()
    const ids = disk.content
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as AuditEvent).eventID)
    assert.deepEqual(ids, ['one', 'two', 'three'])
    assert.deepEqual(log.state(), { lost: 0, waitingBytes: 0, isFailing: false })
  })

  test('what does not fit into memory is counted as lost, and nothing throws', async () => {
    const { disk, files } = smallDisk(0)
    const size = Buffer.byteLength(JSON.stringify(event('e 0'))) + 1
    const { log, alarms } = openLog('nowhere', { files, retryMs: 5, waitingBytesMax: 3 * size })
    for (let index = 0; index < 10; index++) log.record(event(`e ${index}`))
    assert.deepEqual(log.state(), { lost: 7, waitingBytes: 3 * size, isFailing: false })
    await eventually('the alarm', () => alarms.length === 1)
    log.record(event('e x'))
    assert.equal(log.state().lost, 8)
    disk.room = 1_000_000
    await eventually('the end of the alarm', () => alarms.length === 2)
    assert.equal(alarms[1], 'the audit log is written again; 8 events were lost meanwhile')
    await log.close()
    assert.equal(disk.content.trimEnd().split('\n').length, 3)
  })

  test('at the stop is told, and does not keep the server', async () => {
    const { files } = smallDisk(0)
    const { log, alarms } = openLog('nowhere', { files })
    log.record(event('one'))
    const { waitingBytes } = log.state()
    await log.close()
    assert.deepEqual(alarms, [failed, `${waitingBytes} bytes of audit events could not be written`])
    log.record(event('two'))
    assert.equal(log.state().lost, 1)
  })
})
