// GitHub-flavoured Markdown to HTML that can do nothing, in two steps that do not trust each other: a parser that knows no HTML, and a
// sanitiser that lets a short list through. Loaded in the worker only.

import MarkdownIt from 'markdown-it'
import sanitizeHtml from 'sanitize-html'
import { githubRules } from './github-rules.ts'
import { plainHtml, showBidi } from './plain-html.ts'
import { safeLinks } from './safe-links.ts'
import { strikeThrough } from './strike-through.ts'

const md = new MarkdownIt({ html: false, linkify: true }).use(strikeThrough).use(githubRules).use(safeLinks)

/**
 * What is kept of a text in the catalog at most: empty cells that fill up the rows of a wide table come to thirty times what was sent. An
 * honest text of the largest size stays far below; one of nothing but ampersands comes to half of it.
 */
const htmlCharsMax = 262_144

/** A text that comes to more than can be kept is given as it was written. */
export function renderMarkdown(text: string): string {
  const html = md.render(text)
  if (html.length > htmlCharsMax) return plainHtml(text)
  const shown = showBidi(sanitizeHtml(html, allowed))
  return shown.length > htmlCharsMax ? plainHtml(text) : shown
}

/** No `id`, `name` or `class`: an element that is named stands in for properties of the page's own objects. */
const allowed: sanitizeHtml.IOptions = {
  allowedTags:
    'h1 h2 h3 h4 h5 h6 p br hr blockquote pre ul ol li em strong del code a table thead tbody tr th td'.split(' '),
  allowedAttributes: {
    a: ['href', 'title', 'rel'],
    ol: ['start'],
    th: [{ name: 'align', values: ['left', 'center', 'right'] }],
    td: [{ name: 'align', values: ['left', 'center', 'right'] }],
  },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  parseStyleAttributes: false,
  transformTags: {
    a: (tagName, attribs) => ({ tagName, attribs: { ...attribs, rel: 'nofollow noopener noreferrer' } }),
  },
}
