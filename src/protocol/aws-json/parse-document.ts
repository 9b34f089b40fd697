import { shapeFault } from '../../lib/json-shape.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Far deeper than any input of ECR (seven levels), far shallower than what costs anything. */
const depthMax = 32

/** More than any call needs. A layer part's 28 MiB could else hold millions of values: seconds of parsing, and gigabytes. */
const valuesMax = 100_000

/** The JSON object in a request body, or why there is none. An empty body is an empty object only where nothing else came (AWS clients send `{}`). */
export function parseDocument(body: Uint8Array): { readonly document: unknown } | { readonly fault: string } {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    return { fault: 'The request body is not valid UTF-8' }
  }
  const fault = shapeFault(text, { depth: depthMax, values: valuesMax, uniqueKeys: false })
  if (fault === 'too-deep') return { fault: 'The request body nests too deeply' }
  if (fault === 'too-many-values') return { fault: 'The request body holds too many values' }
  try {
    return { document: JSON.parse(text) }
  } catch {
    return { fault: 'The request body is not valid JSON' }
  }
}
