// What a text is found by: its words, each up to the next white space, so that `my_app` is found by `my_`, by `app` and by itself, and a
// `%` means a `%`.

/** The longest word that is kept. What is looked for and is longer is found by as many characters. */
export const wordCharactersMax = 64

/** More than any text that is searched has, unless its characters fall apart in the normal form. */
const textCharactersMax = 2048

// A letter or digit that follows neither. Some scripts set no space between words: there every character may begin one.
const beginning = /(?<![\p{L}\p{N}\p{M}])[\p{L}\p{N}]|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]/gu

/** The words of a text, lower-case, each once: of `team/my-app` it is `team/my-app`, `my-app` and `app`. */
export function wordsOf(text: string): readonly string[] {
  const words = new Set<string>()
  for (const piece of piecesOf(text)) {
    words.add(cut(piece))
    for (const { index } of piece.matchAll(beginning)) words.add(cut(piece.slice(index)))
  }
  return [...words]
}

/** What somebody looks for: beginnings of words, lower-case. One that another begins with says nothing more and is left out. */
export function termsOf(text: string): readonly string[] {
  const terms = [...new Set(piecesOf(text).map(cut))]
  return terms.filter((term) => !terms.some((other) => other !== term && other.startsWith(term)))
}

/** A word that no term can be: what it marks is looked for by the program alone. */
export function markOf(text: string): string {
  return `\u0001${text}`
}

/** The words that begin with `term` are those from `low` on and before `high`, in the order of bytes. */
export function rangeOf(term: string): { readonly low: string; readonly high: string } {
  return { low: term, high: `${term}\u{10FFFF}` }
}

function piecesOf(text: string): readonly string[] {
  const plain = text.normalize('NFKC').toLowerCase().slice(0, textCharactersMax).toWellFormed()
  return plain.split(/[\s\p{Cc}]+/u).filter((piece) => piece !== '')
}

function cut(word: string): string {
  // Half a pair is no character.
  return word.slice(0, wordCharactersMax).replace(/[\uD800-\uDBFF]$/, '')
}
