import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { type Calls, CallFailure, openCalls } from '../../src/lib/calls.ts'

interface Face {
  readonly add: (a: number, b: number) => Promise<number>
  readonly note: (what: string) => void
  readonly fail: (code: number | undefined) => never
}

function connect(): { readonly calls: Calls<Face>; readonly noted: string[]; readonly lists: number[] } {
  const noted: string[] = []
  const lists: number[] = []
  class OddError extends Error {
    override readonly name = 'OddError'
    readonly code: number | undefined
    constructor(code: number | undefined) {
      super('odd')
      this.code = code
    }
  }
  const face: Face = {
    add: async (a, b) => {
      noted.push('add')
      return a + b
    },
    note: (what) => void noted.push(what),
    fail: (code) => {
      throw new OddError(code)
    },
  }
  const there: Calls<Face> = openCalls(face, (messages) => calls.receive(structuredClone(messages)))
  const calls: Calls<Face> = openCalls({}, (messages) => {
    lists.push(messages.length)
    there.receive(structuredClone(messages))
  })
  return { calls, noted, lists }
}

describe('calls between two processes', () => {
  test('answers, in the order they were asked for, many in one message', async () => {
    const { calls, noted, lists } = connect()
    calls.tell('note', 'first')
    const sums = Promise.all([calls.call('add', 1, 2), calls.call('add', 3, 4)])
    calls.tell('note', 'last')
    assert.deepEqual(await sums, [3, 7])
    assert.deepEqual(noted, ['first', 'add', 'add', 'last'])
    assert.deepEqual(lists, [4])
  })

  test('a failure has the name, the words and the code of the error', async () => {
    const { calls } = connect()
    for (const code of [7, undefined])
      await assert.rejects(calls.call('fail', code), (error) => {
        assert.ok(error instanceof CallFailure)
        assert.deepEqual([error.kind, error.message, error.code], ['OddError', 'odd', code])
        return true
      })
  })

  test('whoever waits when the other side is gone is told, and whoever asks later', async () => {
    const calls = openCalls<Face>({}, () => {})
    const waiting = calls.call('add', 1, 2)
    calls.end(new Error('gone'))
    await assert.rejects(waiting, /^Error: gone$/)
    await assert.rejects(calls.call('add', 1, 2), /^Error: gone$/)
  })
})
