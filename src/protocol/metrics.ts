// Figures for Prometheus at `/metrics`. Counting a request costs about a microsecond; the library that prints is loaded when the server
// already serves (it takes longer to load than all the rest).

import { monitorEventLoopDelay } from 'node:perf_hooks'

import type { HistogramMetricData, MetricData } from '@opentelemetry/sdk-metrics'

import type { Collection } from '../domain/collection.ts'
import type { ScrubReport } from '../domain/scrub.ts'
import type { Blobs } from '../domain/ports/blobs.ts'
import type { Clock } from '../lib/clock.ts'
import { refuseOtherMethods } from './health.ts'
import type { HttpHandler } from './message.ts'
import { createRequestCounts, type RequestCounts } from './request-counts.ts'
import type { RequestLine } from './request-log.ts'

export interface MetricsOptions {
  /** Figures of the data directory: told by the process that owns it. */
  readonly directory?: DirectoryFigures | undefined
  readonly activeRequests: () => number
  readonly clock: Clock
  /** The figures of all processes that serve together, when there are others. */
  readonly all?: (() => Promise<string>) | undefined
}

export interface DirectoryFigures {
  readonly blobs: Pick<Blobs, 'freeBytes'>
  readonly damagedLayers: () => Promise<number>
  readonly logBytes: () => Promise<number>
  readonly audit: () => { readonly lost: number; readonly waitingBytes: number; readonly isFailing: boolean }
}

export interface Metrics {
  /** Counts a request that is done. */
  readonly observe: (line: RequestLine) => void
  /** Counts a collection that came to its end. */
  readonly collected: (collection: Collection) => void
  /** Counts layers that were read again and compared with their digests. */
  readonly checked: (report: Pick<ScrubReport, 'layers' | 'bytes'>) => void
  /** Makes ready to print: called once the server serves, or by the first to ask for the figures. */
  readonly load: () => Promise<void>
  /** The figures of this process. */
  readonly figures: () => Promise<string>
  readonly handler: HttpHandler
}

/** Seconds: an API call of a millisecond up to a layer of some minutes. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Collections and checks since the start, summed up. */
interface Collected {
  runs: number
  layers: number
  bytes: number
  checkedLayers: number
  checkedBytes: number
  /** The last one, and when it was done. */
  last?: { readonly trash: Collection['trash']; readonly atMs: number }
}

export function createMetrics(options: MetricsOptions): Metrics {
  const collected: Collected = { runs: 0, layers: 0, bytes: 0, checkedLayers: 0, checkedBytes: 0 }
  const counts = createRequestCounts(durationBuckets)
  let opened: Promise<() => Promise<string>> | undefined
  const open = () => (opened ??= openPrinter(options, collected, counts))
  const figures = async () => (await open())()
  return {
    observe: counts.observe,
    collected: ({ layers, bytes, trash }) => {
      collected.runs++
      collected.layers += layers
      collected.bytes += bytes
      collected.last = { trash, atMs: options.clock.now() }
    },
    checked: ({ layers, bytes }) => {
      collected.checkedLayers += layers
      collected.checkedBytes += bytes
    },
    load: async () => {
      await open()
    },
    figures,
    handler: async (request) => {
      const refusal = refuseOtherMethods(request, 'Metrics')
      if (refusal) return refusal
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
        body: await (options.all ?? figures)(),
        log: { operation: 'Metrics' },
      }
    },
  }
}

async function openPrinter(
  options: MetricsOptions,
  collected: Collected,
  counts: RequestCounts,
): Promise<() => Promise<string>> {
  const { ValueType } = await import('@opentelemetry/api')
  const { AggregationTemporality, DataPointType, MeterProvider } = await import('@opentelemetry/sdk-metrics')
  const { PrometheusExporter, PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus')
  // Only read from: the exporter's own server is not started.
  const reader = new PrometheusExporter({ preventServerStart: true })
  const meter = new MeterProvider({ readers: [reader] }).getMeter('stowage')
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()

  const gauge: Gauge = (name, description, read) => {
    meter.createObservableGauge(name, { description }).addCallback(async (result) => {
      const value = await read()
      if (value !== undefined) result.observe(value)
    })
  }
  const counter: Counting = (name, description, read) => {
    meter.createObservableCounter(name, { description }).addCallback((result) => result.observe(read()))
  }
  gauge('stowage_requests_in_flight', 'Requests being served', options.activeRequests)
  if (options.directory) addDirectory(options.directory, collected, gauge, counter)
  gauge('process_resident_memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss())
  gauge('nodejs_heap_used_bytes', 'JavaScript heap in use', () => process.memoryUsage().heapUsed)
  gauge('nodejs_event_loop_delay_p99_seconds', '99th percentile of the event loop delay since the last look', () => {
    const seconds = delay.percentile(99) / 1e9
    delay.reset()
    return seconds
  })

  for (const [name, description, way] of [
    ['stowage_request_bytes', 'Bytes of request bodies', 'in'],
    ['stowage_response_bytes', 'Bytes of response bodies', 'out'],
  ] as const) {
    meter.createObservableCounter(name, { description }).addCallback((result) => {
      for (const { operation, [way]: bytes } of counts.bytes()) if (bytes > 0) result.observe(bytes, { operation })
    })
  }

  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  return async () => {
    const { resourceMetrics, errors } = await reader.collect()
    if (errors.length > 0) throw new AggregateError(errors, 'a figure could not be read')
    const durations: MetricData = {
      descriptor: {
        name: 'stowage_request_duration_seconds',
        description: 'Time from the head of a request to the end of its answer, by operation and status',
        unit: '',
        valueType: ValueType.DOUBLE,
      },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: pointsOf(counts),
    }
    // It is of the type that is asked for; the rule does not see through a union of interfaces whose members are enums.
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
    resourceMetrics.scopeMetrics.push({ scope: { name: 'stowage' }, metrics: [durations] })
    return serializer.serialize(resourceMetrics)
  }
}

/** In the library's form, which has no way to observe a histogram that somebody else keeps. */
function pointsOf(counts: RequestCounts): HistogramMetricData['dataPoints'] {
  return counts.byStatus().map(({ operation, status, count, seconds, buckets }) => ({
    // Not printed.
    startTime: [0, 0],
    endTime: [0, 0],
    attributes: { operation, status },
    value: { count, sum: seconds, buckets: { boundaries: [...durationBuckets], counts: buckets } },
  }))
}

type Gauge = (name: string, description: string, read: () => Promise<number | undefined> | number | undefined) => void
type Counting = (name: string, description: string, read: () => number) => void

function addDirectory(
  { blobs, damagedLayers, logBytes, audit }: DirectoryFigures,
  collected: Collected,
  gauge: Gauge,
  counter: Counting,
): void {
  gauge('stowage_storage_free_bytes', 'Bytes that uploads may still write, before the reserve', () => blobs.freeBytes())
  gauge('stowage_damaged_layers', 'Layers known to be damaged, until they are pushed again', damagedLayers)
  gauge('stowage_database_log_bytes', "Bytes of the database's log, which grows while another process reads", logBytes)
  counter('stowage_collections', 'Collections of layers that nothing needs', () => collected.runs)
  counter('stowage_collected_layers', 'Layers that collections took away', () => collected.layers)
  counter('stowage_collected_bytes', 'Bytes of the layers that collections took away', () => collected.bytes)
  counter('stowage_checked_layers', 'Layers that were read again in the background', () => collected.checkedLayers)
  counter('stowage_checked_bytes', 'Bytes of the layers that were read again', () => collected.checkedBytes)
  gauge('stowage_collection_last_success_seconds', 'When the last collection came to its end, as Unix time', () =>
    collected.last === undefined ? undefined : collected.last.atMs / 1000,
  )
  gauge(
    'stowage_trash_files',
    'Files that waited to be removed after the last collection',
    () => collected.last?.trash.files,
  )
  gauge(
    'stowage_trash_bytes',
    'Bytes of the files that waited to be removed after the last collection',
    () => collected.last?.trash.bytes,
  )
  gauge('stowage_audit_failing', '1 while the audit log can not be written', () => Number(audit().isFailing))
  gauge('stowage_audit_lost_events', 'Events that the audit log had no room for since the start', () => audit().lost)
  gauge('stowage_audit_waiting_bytes', 'Events that wait to be written', () => audit().waitingBytes)
}
