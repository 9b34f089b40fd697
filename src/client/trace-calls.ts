// OpenTelemetry spans, one a call, through the SDK's middleware: nothing is patched, so that an update of the SDK cannot break it. The caller gives
// the tracer; nothing of OpenTelemetry is loaded here. Names are those of its conventions for AWS SDKs.

import type { Span, SpanKind, SpanStatusCode, Tracer } from '@opentelemetry/api'
import type { InitializeMiddleware, MetadataBearer, Provider } from '@smithy/types'

// Constants of the specification; the enums themselves would load the package.
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const clientSpan = 2 as SpanKind.CLIENT
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const errorStatus = 2 as SpanStatusCode.ERROR

/** https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/ */
export function traceCalls<I extends object, O extends MetadataBearer>(
  tracer: Tracer,
  service: string,
  region: Provider<string>,
): InitializeMiddleware<I, O> {
  return (next, context) => async (args) => {
    const method = context.commandName?.replace(/Command$/, '') ?? ''
    const attributes = { 'rpc.system': 'aws-api', 'rpc.service': service, 'rpc.method': method }
    return tracer.startActiveSpan(`${service}.${method}`, { kind: clientSpan, attributes }, async (span) => {
      try {
        span.setAttribute('cloud.region', await region())
        const result = await next(args)
        noteAnswer(span, result.output.$metadata)
        return result
      } catch (error) {
        noteFailure(span, error)
        throw error
      } finally {
        span.end()
      }
    })
  }
}

function noteAnswer(span: Span, facts: MetadataBearer['$metadata'] | undefined): void {
  if (facts?.requestId !== undefined) span.setAttribute('aws.request_id', facts.requestId)
  if (facts?.httpStatusCode !== undefined) span.setAttribute('http.response.status_code', facts.httpStatusCode)
  if (facts?.attempts !== undefined) span.setAttribute('http.request.resend_count', facts.attempts - 1)
}

function noteFailure(span: Span, error: unknown): void {
  const known = error instanceof Error ? error : new Error(String(error))
  if ('$metadata' in known) noteAnswer(span, known.$metadata as MetadataBearer['$metadata']) // the SDK's
  span.setAttribute('error.type', known.name)
  span.recordException(known)
  span.setStatus({ code: errorStatus, message: known.message })
}
