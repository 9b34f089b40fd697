/**
 * The same function with its last answers at hand, at most `max` of them; the one that was asked for longest ago goes first. What it has no answer for is
 * not remembered: that may be anything that a stranger sends.
 */
export function rememberSome<T>(
  compute: (text: string) => T | undefined,
  max: number,
): (text: string) => T | undefined {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text) ?? compute(text)
    if (found === undefined) return undefined
    // Put back at the end: a Map gives its entries in the order they were put.
    known.delete(text)
    known.set(text, found)
    if (known.size > max) {
      const [oldest = ''] = known.keys()
      known.delete(oldest)
    }
    return found
  }
}
