// What GitHub's Markdown has and markdown-it has not, or has otherwise. https://github.github.com/gfm/

import type { MarkdownIt, Token } from 'markdown-it'

export function githubRules(md: MarkdownIt): void {
  md.core.ruler.push('column_alignment', ({ tokens }) => tokens.forEach(alignCell))
  md.core.ruler.push('task_lists', ({ tokens }) => tokens.forEach(markTask))
  linkAsGithub(md)
}

/** GitHub says it with the attribute; a style would need a sanitiser of its own, and is what a strict page does not allow. */
function alignCell(token: Token): void {
  const [, side] = /^text-align:(\w+)$/.exec(String(token.attrGet('style') ?? '')) ?? []
  if (side !== undefined) token.attrs = [['align', side]]
}

/** `[ ]` and `[x]` at the beginning of a list's item. A sign stands for the check box: no part of a form is let through. */
function markTask(token: Token, index: number, tokens: readonly Token[]): void {
  if (token.type !== 'inline' || tokens[index - 2]?.type !== 'list_item_open') return
  const [first] = token.children ?? []
  const [mark, state] = /^\[([ xX])\](?=\s)/.exec(first?.type === 'text' ? first.content : '') ?? []
  if (!first || mark === undefined) return
  first.content = (state === ' ' ? '\u2610' : '\u2611') + first.content.slice(mark.length)
}

/** Links are found by `http://`, `https://`, `mailto:`, `www.` and by the look of an address of mail; a name with a dot is no link. */
function linkAsGithub({ linkify }: MarkdownIt): void {
  linkify.set({ fuzzyLink: false, fuzzyEmail: true })
  linkify.add('ftp:', null).add('//', null)
  const rest = new RegExp(linkify.re.get_url_host_port().source + linkify.re.get_path().source, 'iy')
  linkify.add('www.', {
    validate: (text, at) => {
      rest.lastIndex = at
      return rest.exec(text)?.[0].length ?? 0
    },
    normalize: (match) => {
      match.url = `http://${match.url}`
    },
  })
}
