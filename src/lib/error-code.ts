/**
 * The `code` that Node gives errors of the system, such as ENOENT; `undefined` where there is none. Not by `instanceof`: jest runs what it tests in a
 * realm of its own, where errors of Node's own modules are no `Error`s.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
