import { rememberLast } from '../../../lib/remember-last.ts'
import type { AccessRequest } from './request.ts'
import { compilePattern, type TextMatch } from './wildcard.ts'

/**
 * Compiles a pattern of ARNs; `undefined` when it is none. Each of the six parts between colons is compared for itself, so that a `*` does not
 * reach into the next one; in the last part, which may hold colons, it reaches to the end. A pattern that ends in `*` early (`arn:aws:ecr:*`) says
 * nothing of what follows; `*` alone is every resource.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function compileArnPattern(pattern: string, variables: boolean): TextMatch | undefined {
  if (pattern === '*') return () => true
  const options = { wildcards: true, variables }
  // A variable may stand for a whole ARN: `${aws:PrincipalArn}`.
  if (variables && pattern.startsWith('${')) return compilePattern(pattern, options)
  const parts = arnParts(pattern)
  if (parts[0] !== 'arn' || (parts.length < 6 && parts.at(-1)?.endsWith('*') !== true)) return undefined
  // From the end, where patterns of one policy differ; what any text is need not be asked.
  const matches = parts
    .flatMap((part, index) => (part === '*' ? [] : [{ index, match: compilePattern(part, options) }]))
    .toReversed()
  return (text: string, request: AccessRequest) => {
    const own = lastParts(text)
    if (own.length !== 6) return false
    for (const { index, match } of matches) if (!match(own[index] ?? '', request)) return false
    return true
  }
}

/** All patterns of a decision are about one resource. */
const lastParts = rememberLast(arnParts)

/** At most six parts: the sixth keeps its colons. A colon inside `${...}` does not part. */
function arnParts(text: string): readonly string[] {
  const parts: string[] = []
  let start = 0
  let isVariable = false
  for (let at = 0; at < text.length && parts.length < 5; at++) {
    if (text.startsWith('${', at)) isVariable = true
    else if (text[at] === '}') isVariable = false
    else if (text[at] === ':' && !isVariable) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)]
}
