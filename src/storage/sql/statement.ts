// A query that is built and compiled once per engine and executed many times. Building and compiling a Kysely query costs 15 to 20 us,
// several times a read by primary key; what remains per call is to put the arguments in their places.

import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely'
import type { Tables } from './tables.ts'

type Scalar = string | number | null
type Row = { readonly [column: string]: Scalar }
type Arguments = { readonly [name: string]: Scalar | readonly Scalar[] | readonly Row[] }

/** The most items of a list that go into one statement. */
const listLimit = 1024

/** The place of an argument in a compiled query: it travels through the builder as if it were the value. */
interface Place {
  readonly place: true
  readonly name: string
  readonly index: number | undefined
  readonly column: string | undefined
}

interface Prepared<O> {
  readonly query: CompiledQuery<O>
  readonly parameters: readonly unknown[]
}

/**
 * Makes a function that runs the query with other arguments each time. `build` must treat its arguments as opaque values: it sees
 * stand-ins. A list may have any length up to `listLimit`: it is padded to a power of two by repeating its last item, so that few
 * statements exist; an insert of a list therefore needs `ON CONFLICT DO NOTHING` or the like.
 */
export function statement<A extends Arguments, O>(
  build: (db: Kysely<Tables>, args: A) => Compilable<O>,
): (db: Kysely<Tables>, args: A) => Promise<QueryResult<O>> {
  // Per engine, because compiled text differs; the adapter is made once per engine and shared by its transactions.
  const engines = new WeakMap<object, Map<string, Prepared<O>>>()
  return (db, args) => {
    const executor = db.getExecutor()
    const engine = executor.adapter
    let variants = engines.get(engine)
    if (variants === undefined) engines.set(engine, (variants = new Map()))
    const key = variantOf(args)
    let prepared = variants.get(key)
    if (prepared === undefined) variants.set(key, (prepared = prepare(build, db, args)))
    const parameters = prepared.parameters.map((value) => (isPlace(value) ? argumentAt(args, value) : value))
    const query = { ...prepared.query, parameters }
    const run = directly.get(executor) ?? directly.get(engine)
    return run ? run<O>(query) : db.executeQuery(query)
  }
}

type RunQuery = <O>(query: CompiledQuery) => Promise<QueryResult<O>>
const directly = new WeakMap<object, RunQuery>()

/**
 * From now on statements on this engine, whose connection is one and always free, are given to `run`, past Kysely's own way to a connection:
 * many turns of the microtask queue for a look-up of microseconds.
 */
export function runDirectly(engine: object, run: RunQuery): void {
  directly.set(engine, run)
}

/**
 * The same for the statements of one transaction, which its connection takes in the order they are given: Kysely would wait for the answer of one
 * before it sends the next, and each answer comes from another thread. Measured: a write of six statements
 * takes 240 us of processor time instead of 500.
 */
export async function runTogether(transaction: Kysely<Tables>): Promise<void> {
  const executor = transaction.getExecutor()
  await executor.provideConnection(async (connection) =>
    runDirectly(executor, <O>(query: CompiledQuery) => connection.executeQuery<O>(query)),
  )
}

/** `items` in pieces that fit into one statement each. */
export function* listsOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += listLimit) yield items.slice(at, at + listLimit)
}

function variantOf(args: Arguments): string {
  let key = ''
  for (const name in args) {
    const value = args[name]
    if (Array.isArray(value)) key += `${paddedLength(name, value.length)} `
  }
  return key
}

function paddedLength(name: string, length: number): number {
  if (length === 0 || length > listLimit) throw new Error(`a list of ${length} items for "${name}" in one statement`)
  return 2 ** Math.ceil(Math.log2(length))
}

function prepare<A extends Arguments, O>(
  build: (db: Kysely<Tables>, args: A) => Compilable<O>,
  db: Kysely<Tables>,
  args: A,
): Prepared<O> {
  const places = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, placesOf(name, value)]))
  // The builder only hands values on; a place that ends as a parameter is replaced before anything runs.
  const query = build(db, places as unknown as A).compile()
  return { query, parameters: query.parameters }
}

function placesOf(name: string, value: Arguments[string]): unknown {
  if (!isList(value)) return placeOf(name, undefined, undefined)
  const first = value[0]
  return Array.from({ length: paddedLength(name, value.length) }, (_, index) =>
    isRow(first)
      ? Object.fromEntries(Object.keys(first).map((column) => [column, placeOf(name, index, column)]))
      : placeOf(name, index, undefined),
  )
}

const placeOf = (name: string, index: number | undefined, column: string | undefined): Place => ({
  place: true,
  name,
  index,
  column,
})

function argumentAt(args: Arguments, at: Place): unknown {
  const value = args[at.name]
  if (at.index === undefined || !isList(value)) return value
  const item = value[Math.min(at.index, value.length - 1)]
  return at.column !== undefined && isRow(item) ? item[at.column] : item
}

const isPlace = (value: unknown): value is Place => typeof value === 'object' && value !== null && 'place' in value
const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null
// A guard of its own: `Array.isArray` does not narrow readonly arrays.
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
