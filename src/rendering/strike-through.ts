// Strike-through as GitHub has it: one or two tildes on either side, the same number on both. markdown-it's own rule knows two only, and
// makes two pairs of four. https://github.github.com/gfm/#strikethrough-extension-

import type { Delimiter, MarkdownIt, StateInline } from 'markdown-it'

const tilde = 0x7e

/** Takes the place of markdown-it's rule. */
export function strikeThrough(md: MarkdownIt): void {
  md.inline.ruler.at('strikethrough', readTildes)
  md.inline.ruler2.at('strikethrough', pairTildes)
}

/** A run of one or two tildes may open or close; a longer one is text. */
function readTildes(state: StateInline, silent: boolean): boolean {
  if (silent || state.src.charCodeAt(state.pos) !== tilde) return false
  const { length, can_open: open, can_close: close } = state.scanDelims(state.pos, true)
  state.push('text', '', 0).content = '~'.repeat(length)
  if (length <= 2) {
    // Delimiters are paired by marker: runs of one and of two never meet. `length` is for emphasis, whose rule of three is not ours.
    state.delimiters.push({
      marker: markerOf(length),
      length: 0,
      token: state.tokens.length - 1,
      end: -1,
      open,
      close,
    })
  }
  state.pos += length
  return true
}

/** A number that no character has, and so no other rule's delimiter. */
const markerOf = (length: number) => -(tilde * length)

function pairTildes(state: StateInline): void {
  const nested = state.tokens_meta.flatMap((meta) => (meta?.delimiters ? [meta.delimiters] : []))
  for (const delimiters of [state.delimiters, ...nested]) {
    for (const opening of delimiters) {
      const closing = delimiters[opening.end]
      if (!closing || opening.marker >= 0) continue
      turn(state, opening, 'del_open', 1)
      turn(state, closing, 'del_close', -1)
    }
  }
}

function turn(state: StateInline, delimiter: Delimiter, type: string, nesting: 1 | -1): void {
  const token = state.tokens[delimiter.token]
  if (token) Object.assign(token, { type, tag: 'del', nesting, markup: token.content, content: '' })
}
