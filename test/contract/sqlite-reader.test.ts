// The connection that reads: answers kept for as long as the database says that nothing was committed, one snapshot a turn of the event loop.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { openConnection, type SqliteConnection } from '../../src/storage/sql/sqlite/connection.ts'
import { createReader, type SqliteReader } from '../../src/storage/sql/sqlite/reader.ts'

const find = 'select value from entry where name = ? and kind = ?'

describe('the reader of the database', () => {
  let directory = ''
  let writer: SqliteConnection
  let connection: SqliteConnection
  let reader: SqliteReader
  /** Statements that came to the database, in order. */
  let asked: string[] = []

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-reader-'))
    const file = join(directory, 'metadata.db')
    writer = openConnection(file, 1000)
    writer.execute('create table entry (name text, kind text, value text, primary key (name, kind))')
    connection = openConnection(file, 0)
    reader = createReader({
      ...connection,
      run: (text, parameters) => {
        asked.push(text)
        return connection.run(text, parameters)
      },
    })
  })

  after(async () => {
    reader.close()
    writer.close()
    await rm(directory, { recursive: true })
  })

  const put = (name: string, kind: string, value: string) =>
    writer.run('insert into entry values (?, ?, ?) on conflict do update set value = excluded.value', [
      name,
      kind,
      value,
    ])
  const read = (name: string, kind = 'k') =>
    reader.run(find, [name, kind]).rows.map((row) => Object.values(row ?? {})[0])
  const asksOf = (work: () => unknown) => {
    asked = []
    work()
    return asked.filter((text) => text === find).length
  }

  test('asks once for what does not change, and for the version once a turn', async () => {
    put('same', 'k', 'one')
    await nextTurn()
    assert.equal(
      asksOf(() => assert.deepEqual([read('same'), read('same')], [['one'], ['one']])),
      1,
    )
    await nextTurn()
    assert.equal(
      asksOf(() => assert.deepEqual([read('same'), read('same')], [['one'], ['one']])),
      0,
    )
    assert.deepEqual(asked, ['begin', 'pragma data_version'])
  })

  test('asks again after anyone committed, what was not there included', async () => {
    await nextTurn()
    assert.deepEqual(read('later'), [])
    await nextTurn()
    put('later', 'k', 'here')
    assert.deepEqual(read('later'), ['here'])
    await nextTurn()
    put('later', 'k', 'changed')
    assert.deepEqual(read('later'), ['changed'])
  })

  test('a turn sees one state; the end of a commit of our own begins another one', async () => {
    put('turn', 'k', 'before')
    await nextTurn()
    assert.deepEqual(read('turn'), ['before'])
    put('turn', 'k', 'after')
    assert.deepEqual(read('turn'), ['before'])
    reader.commitBegins()
    reader.commitEnded()
    assert.deepEqual(read('turn'), ['after'])
  })

  test('holds no snapshot while a commit is made, and keeps nothing of it', async () => {
    put('during', 'k', 'one')
    await nextTurn()
    read('during')
    assert.equal(connection.inTransaction(), true)
    reader.commitBegins()
    assert.equal(connection.inTransaction(), false)
    assert.equal(
      asksOf(() => [read('during'), read('during')]),
      2,
    )
    assert.equal(connection.inTransaction(), false)
    put('during', 'k', 'two')
    assert.deepEqual(read('during'), ['two'])
    reader.commitEnded()
    assert.deepEqual(read('during'), ['two'])
    await nextTurn()
    assert.equal(connection.inTransaction(), false)
  })

  test('parameters that only look alike are different ones', async () => {
    put('ab', 'c', 'first')
    put('a', 'bc', 'second')
    put('1:a', 'c', 'third')
    await nextTurn()
    assert.deepEqual([read('ab', 'c'), read('a', 'bc'), read('1:a', 'c')], [['first'], ['second'], ['third']])
    const text = 'select typeof(?) as kind'
    const kindOf = (value: unknown) => Object.values(reader.run(text, [value]).rows[0] ?? {})[0]
    assert.deepEqual([kindOf(1), kindOf('1'), kindOf(null), kindOf('null')], ['real', 'text', 'null', 'text'])
  })

  test('what several callers get, none of them can change', async () => {
    put('frozen', 'k', 'as it is')
    await nextTurn()
    const { rows } = reader.run(find, ['frozen', 'k'])
    assert.throws(() => rows.pop(), TypeError)
    assert.throws(() => Object.assign(rows[0] ?? {}, { value: 'other' }), TypeError)
  })

  test('keeps 16 MiB of characters and no long page', async () => {
    const large = 'x'.repeat(1024 * 1024 - 1024)
    for (let nr = 0; nr < 17; nr++) put(`large/${nr}`, 'k', large)
    writer.run(`insert into entry select 'page', value, 'v' from json_each(?)`, [
      JSON.stringify(Array.from({ length: 101 }, (_, nr) => String(nr))),
    ])
    await nextTurn()
    for (let nr = 0; nr < 15; nr++) read(`large/${nr}`)
    assert.equal(
      asksOf(() => read('large/0')),
      0,
    )
    for (let nr = 15; nr < 17; nr++) read(`large/${nr}`)
    assert.equal(
      asksOf(() => read('large/0')),
      1,
    )
    const page = `select kind from entry where name = 'page'`
    asked = []
    for (let times = 0; times < 2; times++) assert.equal(reader.run(page, []).rows.length, 101)
    assert.deepEqual(asked, [page, page])
  })

  test('goes on after a statement that failed', async () => {
    await nextTurn()
    assert.throws(() => reader.run('select value from nowhere', []), /no such table/)
    put('on', 'k', 'and on')
    await nextTurn()
    assert.deepEqual(read('on'), ['and on'])
  })
})
