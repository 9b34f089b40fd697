/** Text of a stranger's (a file's name, a key, what the server holds) for a terminal: nothing in it moves the cursor or begins a line. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}]|[^\P{Z} ]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
