// The audit log of a real server: the file an operator reads.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'

import type { AuditEvent } from '../../src/domain/ports/audit.ts'
import { serve, type Server } from './program.ts'

/** Creates a repository and reads it, then stops the server. */
async function useAndStop({ origin, data, child, ended }: Server): Promise<string> {
  // Written by the server under test.
  const { keys } = JSON.parse(readFileSync(join(data, 'keys.json'), 'utf8')) as {
    keys: { accessKeyId: string; secretAccessKey: string }[]
  }
  const credentials = keys[0] ?? assert.fail('no root key')
  const ecr = new ECRClient({ endpoint: origin, region: 'us-east-1', credentials, maxAttempts: 1 })
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  await ecr.send(new DescribeRepositoriesCommand({}))
  ecr.destroy()
  child.kill('SIGTERM')
  await ended
  return credentials.secretAccessKey
}

function eventsIn(data: string): readonly AuditEvent[] {
  const lines = readFileSync(join(data, 'audit', 'audit.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as AuditEvent) // written by the server under test
}

test('changes are on disk after a stop, in a file for its owner, without a secret', async (t) => {
  const server = await serve(t)
  const secret = await useAndStop(server)
  assert.deepEqual(
    eventsIn(server.data).map(({ eventName, userIdentity }) => [eventName, userIdentity.type]),
    [['CreateRepository', 'Root']],
  )
  const file = join(server.data, 'audit', 'audit.jsonl')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(!readFileSync(file, 'utf8').includes(secret))
})

test('--audit-log all has reads, too, and off makes no file', async (t) => {
  const all = await serve(t, ['--audit-log', 'all'])
  await useAndStop(all)
  assert.deepEqual(
    eventsIn(all.data).map(({ eventName }) => eventName),
    ['CreateRepository', 'DescribeRepositories'],
  )
  const off = await serve(t, ['--audit-log', 'off'])
  await useAndStop(off)
  assert.equal(existsSync(join(off.data, 'audit')), false)
})

test('a change that a killed server had no time to tell is told by the next start', async (t) => {
  const server = await serve(t)
  await useAndStop(server)
  const [event = assert.fail('nothing was recorded')] = eventsIn(server.data)
  const database = new DatabaseSync(join(server.data, 'metadata.db'))
  assert.deepEqual(database.prepare('select id from outbox_event').all(), [], 'what was told is removed')
  const body = JSON.stringify({ ...event, eventID: 'left', responseElements: null })
  database.prepare("insert into outbox_event (id, topic, body) values ('left', 'audit', ?)").run(body)
  database.close()
  const next = await serve(t, [], server.data)
  next.child.kill('SIGTERM')
  await next.ended
  assert.deepEqual(
    eventsIn(server.data).map(({ eventName, eventID, additionalEventData }) => ({
      eventName,
      eventID,
      additionalEventData,
    })),
    [
      { eventName: 'CreateRepository', eventID: event.eventID, additionalEventData: undefined },
      { eventName: 'CreateRepository', eventID: 'left', additionalEventData: { deliveredAfterRestart: true } },
    ],
  )
  assert.match(next.stdout() + next.stderr(), /it is told now/)
})
