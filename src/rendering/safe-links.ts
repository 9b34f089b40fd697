// Where links may lead, and images become links: the page that shows them loads nothing from elsewhere (`img-src 'self'`), so that
// nobody learns who reads it.

import type { MarkdownIt, StateCore, Token } from 'markdown-it'

/** Takes away each link that is not to the web or an address of mail, and leaves its text; a path has no page here to lead from. */
export function safeLinks(md: MarkdownIt): void {
  md.core.ruler.push('safe_links', (state) => {
    for (const token of state.tokens) {
      if (token.children) token.children = [...shownTokens(state, token.children)]
    }
  })
}

function* shownTokens(state: StateCore, tokens: readonly Token[]): Iterable<Token> {
  // Links do not nest, but for images in them.
  let isLinked = false
  for (const token of tokens) {
    if (token.type === 'link_open') {
      isLinked = isSafe(token.attrGet('href'))
      if (isLinked) yield token
    } else if (token.type === 'link_close') {
      if (isLinked) yield token
      isLinked = false
    } else if (token.type === 'image') {
      yield* imageTokens(state, token, isLinked)
    } else {
      yield token
    }
  }
}

/** The image's other text, or its address where there is none; inside a link just that, elsewhere a link to the image. */
function* imageTokens(state: StateCore, image: Token, isLinked: boolean): Iterable<Token> {
  const { renderer, options } = state.md
  const source = image.attrGet('src')
  const text = new state.Token('text', '', 0)
  text.content = renderer.renderInlineAsText(image.children ?? [], options, state.env).trim() || String(source)
  if (isLinked || !isSafe(source)) return yield text
  const open = new state.Token('link_open', 'a', 1)
  open.attrs = (image.attrs ?? []).flatMap(([name, value]) =>
    name === 'src' ? [['href', value] as [string, string | number]] : name === 'title' ? [[name, value]] : [],
  )
  yield open
  yield text
  yield new state.Token('link_close', 'a', -1)
}

/** A whole address of the web or of mail: a browser reads `https:name` and `//name` in its own ways. */
function isSafe(address: string | number | null): boolean {
  return typeof address === 'string' && /^(?:https?:\/\/[^/]|mailto:.)/i.test(address) && URL.canParse(address)
}
