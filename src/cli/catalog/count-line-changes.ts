/**
 * How many lines of `after` are not in `before`, and the other way round, each line as often as it stands there. A line that moved is no
 * change: the shortest edit script would tell, at a cost that grows with the square of what differs.
 */
export function countLineChanges(before: string, after: string): { readonly added: number; readonly removed: number } {
  const old = linesOf(before)
  const left = new Map<string, number>()
  for (const line of old) left.set(line, (left.get(line) ?? 0) + 1)
  let kept = 0
  let added = 0
  for (const line of linesOf(after)) {
    const count = left.get(line) ?? 0
    if (count > 0) kept++
    else added++
    left.set(line, count - 1)
  }
  return { added, removed: old.length - kept }
}

/** With their ends: a text that only lost its last newline has one other line. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? []
}
