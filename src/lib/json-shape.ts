// A look at JSON text that JSON.parse cannot give: how deep it nests, and whether an object names a member twice. Linear, no recursion.

/** The first thing wrong with the shape of `text`, or `undefined`. Text that is not JSON may pass: parse it as well. */
export function shapeFault(text: string, limits: { readonly depth: number; readonly uniqueKeys: boolean }): 'too-deep' | 'duplicate-key' | undefined {
  // One entry for each open bracket: the keys of an object so far, or undefined for an array.
  const open: (Set<string> | undefined)[] = []
  let keyExpected = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        if (open.length === limits.depth) return 'too-deep'
        open.push(new Set())
        keyExpected = true
        break
      case 0x5b: // [
        if (open.length === limits.depth) return 'too-deep'
        open.push(undefined)
        keyExpected = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        keyExpected = false
        break
      case 0x2c: // ,
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
