// What HTML must look like that a stranger had a hand in: read letter by letter, so that no parser's leniency hides anything.

import assert from 'node:assert/strict'

const attributesOf: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  a: {
    href: /^(?:https?:\/\/[^/\s]|mailto:.)/i,
    title: /^/,
    rel: /^nofollow noopener noreferrer$/,
  },
  ol: { start: /^\d{1,9}$/ },
  th: { align: /^(?:left|center|right)$/ },
  td: { align: /^(?:left|center|right)$/ },
}
const plain = 'h1 h2 h3 h4 h5 h6 p br hr blockquote pre ul li em strong del code table thead tbody tr'.split(' ')
const empty = new Set(['br', 'hr'])
const piece = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)( \/)?>|([^<>]+)/gy

/** Fails unless `html` is balanced, of known tags with known attributes only, its links lead to the web or to mail, and nothing turns text around. */
export function assertInert(html: string): void {
  const open: string[] = []
  let at = 0
  for (const match of html.matchAll(piece)) {
    const [whole, closing, tag = '', attributes = '', , text] = match
    at += whole.length
    if (text !== undefined) assertText(text, html)
    else if (closing) assert.equal(open.pop(), tag, `what </${tag}> closes in ${html}`)
    else {
      assertTag(tag, attributes, html)
      if (!empty.has(tag)) open.push(tag)
    }
  }
  assert.equal(at, html.length, `${JSON.stringify(html.slice(at, at + 60))} is neither text nor a tag`)
  assert.deepEqual(open, [], `left open in ${html}`)
}

function assertTag(tag: string, attributes: string, html: string): void {
  const known = attributesOf[tag] ?? (plain.includes(tag) ? {} : assert.fail(`<${tag}> in ${html}`))
  const seen = [...attributes.matchAll(/ ([a-z-]+)="([^"]*)"/g)]
  for (const [, name = '', value = ''] of seen) {
    assertText(value, html)
    const pattern = known[name] ?? assert.fail(`<${tag} ${name}> in ${html}`)
    assert.match(decoded(value), pattern, `<${tag} ${name}> in ${html}`)
  }
  const names = seen.map(([, name]) => name)
  assert.equal(new Set(names).size, names.length, `an attribute twice in ${html}`)
  if (tag === 'a') assert.ok(names.includes('href') && names.includes('rel'), `a bare link in ${html}`)
}

function assertText(text: string, html: string): void {
  assert.doesNotMatch(text, /&(?!(?:amp|lt|gt|quot|apos);)/, `an ampersand of its own in ${html}`)
  assert.doesNotMatch(text, /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/, `a control of direction in ${html}`)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decoded(value: string): string {
  return value.replace(/&(\w+);/g, (_, name: string) => entities[name] ?? '')
}
