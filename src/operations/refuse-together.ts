import { fail } from '../model/errors.ts'

/** Paging and naming exclude each other (API reference: "cannot be used with"). Fails with InvalidParameterException. */
export function refuseTogether(
  named: string,
  input: { readonly nextToken?: string | undefined; readonly maxResults?: number | undefined },
): void {
  const other = input.nextToken !== undefined ? 'nextToken' : input.maxResults !== undefined ? 'maxResults' : undefined
  if (other)
    fail('InvalidParameterException', { parameter: other, constraint: `must be null when ${named} is specified` })
}
