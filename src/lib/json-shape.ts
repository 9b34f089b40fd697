// A look at JSON text before JSON.parse: how deep it nests, how many values it would make, and whether an object names a member twice.
// Linear, no recursion.

/** What a text may be. */
export interface ShapeLimits {
  readonly depth: number
  /** How many members and items all its objects and arrays may have together; any number when absent. */
  readonly values?: number
  readonly uniqueKeys: boolean
}

/** The first thing wrong with the shape of `text`, or `undefined`. Text that is not JSON may pass: parse it as well. */
export function shapeFault(
  text: string,
  limits: ShapeLimits,
): 'too-deep' | 'too-many-values' | 'duplicate-key' | undefined {
  const { values = Infinity } = limits
  // Each bracket and each comma is followed by a value at most.
  let seen = 0
  // One entry for each open bracket: the keys of an object so far, or undefined for an array.
  const open: (Set<string> | undefined)[] = []
  let keyExpected = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        if (open.length === limits.depth) return 'too-deep'
        if (++seen > values) return 'too-many-values'
        open.push(new Set())
        keyExpected = true
        break
      case 0x5b: // [
        if (open.length === limits.depth) return 'too-deep'
        if (++seen > values) return 'too-many-values'
        open.push(undefined)
        keyExpected = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        keyExpected = false
        break
      case 0x2c: // ,
        if (++seen > values) return 'too-many-values'
        keyExpected = open.at(-1) !== undefined
        break
      case 0x22: {
        const end = stringEnd(text, at)
        if (keyExpected && limits.uniqueKeys) {
          const keys = open.at(-1)
          const key = unescaped(text.slice(at, end + 1))
          if (keys?.has(key)) return 'duplicate-key'
          keys?.add(key)
        }
        keyExpected = false
        at = end
        break
      }
    }
  }
  return undefined
}

/** The index of the closing quote of the string that opens at `start`, or the last index when it never closes. */
function stringEnd(text: string, start: number): number {
  // indexOf runs at memory speed: a layer part is one string of up to 28 million characters.
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === 0x5c) escapes++
    if (escapes % 2 === 0) return at
  }
  return text.length - 1
}

/** The key a quoted piece of text means; escapes make two spellings of one key. */
function unescaped(quoted: string): string {
  if (!quoted.includes('\\')) return quoted
  try {
    return `"${String(JSON.parse(quoted))}"`
  } catch {
    return quoted // not JSON: parsing the whole will say so
  }
}
