import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { type Attempt, openJournal } from '../../faults/journal.ts'

const blob: Attempt = { kind: 'blob', repository: 'r', digest: 'sha256:1', size: 1 }

test('the files say what was tried before it is known how it ended, and afterwards how', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-journal-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const journal = openJournal(directory)
  const lines = (client: string): readonly Record<string, unknown>[] =>
    readFileSync(join(directory, `${client}.ndjson`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const { ms: _, ...rest } = JSON.parse(line) as Record<string, unknown>
        return rest
      })
  const one = journal.attempt('one', blob)
  assert.deepEqual(lines('one'), [{ at: 1, try: blob }])
  const two = journal.attempt('two', blob)
  const three = journal.attempt('two', blob)
  one.ack()
  two.fail('no')
  three.lost('gone')
  journal.serverEnded()
  journal.attempt('one', blob)
  journal.close()
  assert.deepEqual(lines('one'), [
    { at: 1, try: blob },
    { at: 4, of: 1, ack: true },
    { at: 8, try: blob },
  ])
  assert.deepEqual(lines('two'), [
    { at: 2, try: blob },
    { at: 3, try: blob },
    { at: 5, of: 2, fail: 'no' },
    { at: 6, of: 3, lost: 'gone' },
  ])
  const ends = journal.entries().map(({ outcome, endedAt }) => [outcome, endedAt])
  assert.deepEqual(ends, [
    ['ack', 4],
    ['fail', 5],
    ['unknown', 7],
    ['unknown', Infinity],
  ])
})

test('what is acknowledged after the power went is as unknown as what has no answer', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-journal-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const journal = openJournal(directory)
  const told: Attempt[] = []
  journal.watch((attempt) => told.push(attempt))
  const [before, after] = [journal.attempt('one', blob), journal.attempt('one', blob)]
  before.ack()
  journal.powerGoes()
  after.ack()
  journal.serverEnded()
  journal.attempt('one', blob).ack()
  journal.close()
  const ends = journal.entries().map(({ outcome, endedAt }) => [outcome, endedAt])
  assert.deepEqual(ends, [
    ['ack', 3],
    ['unknown', 6],
    ['ack', 8],
  ])
  assert.equal(told.length, 2)
})

test('an acknowledgement is told in the moment it comes', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-journal-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const journal = openJournal(directory)
  const told: Attempt[] = []
  journal.watch((attempt) => told.push(attempt))
  journal.attempt('one', blob).fail('no')
  journal.attempt('one', blob).ack()
  journal.close()
  assert.deepEqual(told, [blob])
})
