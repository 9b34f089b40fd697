// Requests by operation and status: how many, how long they took, how many bytes. Counted here and handed to the library when somebody asks:
// its own instruments sort and print the labels at each call (measured: 15 us of the processor time of a small request; here 1 us).

import type { RequestLine } from './request-log.ts'

/** Requests of one operation that were answered with one status. */
export interface StatusCounts {
  readonly operation: string
  /** 0 when the client was gone before there was an answer. */
  readonly status: number
  count: number
  /** All durations together. */
  seconds: number
  /** How many took at most as long as each boundary and longer than the one before; the last one is of those beyond all. */
  readonly buckets: number[]
}

/** Bytes of bodies that the requests of an operation took or gave. */
export interface OperationBytes {
  readonly operation: string
  in: number
  out: number
}

export interface RequestCounts {
  readonly observe: (line: RequestLine) => void
  readonly byStatus: () => readonly StatusCounts[]
  readonly bytes: () => readonly OperationBytes[]
}

/** Operations and statuses are few; the limit is against mistakes. What is beyond is counted as one. */
const labelSetsMax = 1_000
const other = 'other'

interface Known {
  readonly bytes: OperationBytes
  readonly statuses: Map<number, StatusCounts>
}

/** @param boundaries seconds, ascending */
export function createRequestCounts(boundaries: readonly number[]): RequestCounts {
  const operations = new Map<string, Known>()
  let labelSets = 0

  function knownOf(operation: string): Known {
    const known = operations.get(operation)
    if (known) return known
    if (operations.size >= labelSetsMax && operation !== other) return knownOf(other)
    const added = { bytes: { operation, in: 0, out: 0 }, statuses: new Map<number, StatusCounts>() }
    operations.set(operation, added)
    return added
  }

  function countsOf({ bytes: { operation }, statuses }: Known, status: number): StatusCounts {
    const known = statuses.get(status)
    if (known) return known
    if (labelSets >= labelSetsMax && operation !== other) return countsOf(knownOf(other), 0)
    labelSets++
    const added = { operation, status, count: 0, seconds: 0, buckets: boundaries.map(() => 0).concat(0) }
    statuses.set(status, added)
    return added
  }

  return {
    observe: (line) => {
      // Handlers name operations from lists of theirs; a request that none recognised has no operation.
      const operation = line['operation']
      const known = knownOf(typeof operation === 'string' ? operation : 'none')
      known.bytes.in += line.bytesIn
      known.bytes.out += line.bytesOut
      const counts = countsOf(known, line.status ?? 0)
      const seconds = line.durationMs / 1000
      const found = boundaries.findIndex((boundary) => seconds <= boundary)
      const bucket = found === -1 ? boundaries.length : found
      counts.count++
      counts.seconds += seconds
      counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1
    },
    byStatus: () => [...operations.values()].flatMap(({ statuses }) => [...statuses.values()]),
    bytes: () => [...operations.values()].map(({ bytes }) => bytes),
  }
}
