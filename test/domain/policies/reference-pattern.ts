// Wildcards and policy variables, read off AWS's pages and written without a thought for speed. Shares nothing with the product.

import type { AccessRequest } from '../../../src/domain/authorisation/policies/request.ts'

/** One place of a pattern: a character that has to be there, or a wildcard. */
export type Place = { readonly char: string } | { readonly wildcard: '*' | '?'; readonly stopsAtColon?: boolean }

/** `*` is any combination of characters, `?` any single one: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
export function fits(pattern: readonly Place[], text: string): boolean {
  const [place, ...rest] = pattern
  if (place === undefined) return text === ''
  if ('char' in place) return text.startsWith(place.char) && fits(rest, text.slice(1))
  const takesOne = text !== '' && !(place.stopsAtColon === true && text.startsWith(':'))
  if (place.wildcard === '?') return takesOne && fits(rest, text.slice(1))
  return fits(rest, text) || (takesOne && fits(pattern, text.slice(1)))
}

export function literally(text: string): readonly Place[] {
  return Array.from(text, (char) => ({ char }))
}

export function withWildcards(text: string): readonly Place[] {
  return Array.from(text, (char) => (char === '*' || char === '?' ? { wildcard: char } : { char }))
}

const variable = /^\$\{([^}]*)\}/
const withDefault = /^(.*?)\s*,\s*'(.*)'\s*$/

/**
 * A pattern with its variables replaced, or `undefined` when one has no value: nothing is equal to that or like it.
 * What a variable is replaced with is never a wildcard (AWS does not say; anything else would let a tag of the caller's write the policy).
 * A default may hold a brace no more than a key may. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function withVariables(
  text: string,
  request: AccessRequest,
  plain: (text: string) => readonly Place[],
): readonly Place[] | undefined {
  const places: Place[] = []
  for (let rest = text; rest !== '';) {
    const [whole, inside] = variable.exec(rest) ?? []
    if (whole === undefined || inside === undefined) {
      places.push(...plain(rest.charAt(0)))
      rest = rest.slice(1)
      continue
    }
    const value = valueOf(inside, request)
    if (value === undefined) return undefined
    places.push(...literally(value))
    rest = rest.slice(whole.length)
  }
  return places
}

/** Key names take any case, and a key of several values is no variable. */
function valueOf(inside: string, request: AccessRequest): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside
  const [, name = inside, otherwise] = withDefault.exec(inside) ?? []
  const value = request.key(name.trim().toLowerCase())
  return typeof value === 'string' ? value : otherwise
}

/** The six parts of an ARN; the last one keeps its colons. `undefined` for what has fewer, or is no ARN. */
export function arnParts(arn: readonly Place[]): readonly (readonly Place[])[] | undefined {
  const parts: Place[][] = [[]]
  for (const place of arn) {
    if ('char' in place && place.char === ':' && parts.length < 6) parts.push([])
    else parts.at(-1)?.push(place)
  }
  return parts.length === 6 && textOf(parts[0] ?? []) === 'arn' ? parts : undefined
}

export function textOf(places: readonly Place[]): string {
  return places.map((place) => ('char' in place ? place.char : place.wildcard)).join('')
}
