// What the gallery shows of a text: GitHub's Markdown where it is harmless, and nothing that runs, loads or leads astray.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { plainHtml } from '../../src/rendering/plain-html.ts'
import { renderMarkdown } from '../../src/rendering/render-markdown.ts'
import { anyText } from '../support/any-text.ts'
import { bombs, fragments, hostileTexts, unsafeAddresses } from './hostile-texts.ts'
import { assertInert } from './inert-html.ts'

const rel = 'rel="nofollow noopener noreferrer"'

// A change here is a change of the rules: `rules` in src/rendering/markdown.ts must say so, or rows keep the HTML they have.
describe("GitHub's Markdown", () => {
  for (const [what, text, html] of [
    ['headings', '# One\n### Three ###\nTwo\n---', '<h1>One</h1>\n<h3>Three</h3>\n<h2>Two</h2>'],
    [
      'emphasis',
      '*a* _b_ **c** __d__ ***e***',
      '<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em></p>',
    ],
    ['no emphasis inside of words', 'snake_case_name 2*3*4', '<p>snake_case_name 2<em>3</em>4</p>'],
    ['strike-through', '~~two~~ ~one~ a~b~c', '<p><del>two</del> <del>one</del> a<del>b</del>c</p>'],
    [
      'strike-through with other marks',
      '~~*a*~~ **~b~** *a ~b* c~',
      '<p><del><em>a</em></del> <strong><del>b</del></strong> <em>a ~b</em> c~</p>',
    ],
    [
      'tildes that strike nothing',
      '~5 to ~10 ~~~three~~~ ~ b ~\n\n~~a~',
      '<p>~5 to ~10 ~~~three~~~ ~ b ~</p>\n<p>~~a~</p>',
    ],
    ['code', '`a < b` ``x ` y``', '<p><code>a &lt; b</code> <code>x ` y</code></p>'],
    [
      'fenced code',
      '```js\nconst a = "<b>"\n```\n~~~\n&amp;\n~~~',
      '<pre><code>const a = "&lt;b&gt;"\n</code></pre>\n<pre><code>&amp;amp;\n</code></pre>',
    ],
    ['indented code', '    <x>', '<pre><code>&lt;x&gt;\n</code></pre>'],
    [
      'links',
      '[a](https://x.example/p?q=1&r=2 "t") [b](http://y.example) [c](mailto:me@z.example)',
      `<p><a href="https://x.example/p?q=1&amp;r=2" title="t" ${rel}>a</a> <a href="http://y.example" ${rel}>b</a> <a href="mailto:me@z.example" ${rel}>c</a></p>`,
    ],
    [
      'links by reference',
      '[A][1] [1]\n\n[1]: https://x.example',
      `<p><a href="https://x.example" ${rel}>A</a> <a href="https://x.example" ${rel}>1</a></p>`,
    ],
    [
      'addresses in angles',
      '<https://x.example> <me@z.example>',
      `<p><a href="https://x.example" ${rel}>https://x.example</a> <a href="mailto:me@z.example" ${rel}>me@z.example</a></p>`,
    ],
    [
      'bare addresses',
      'See https://x.example/a_(b). Or www.y.example, or me@z.example!',
      `<p>See <a href="https://x.example/a_(b)" ${rel}>https://x.example/a_(b)</a>. Or <a href="http://www.y.example" ${rel}>www.y.example</a>, or <a href="mailto:me@z.example" ${rel}>me@z.example</a>!</p>`,
    ],
    [
      'names that are no addresses',
      'node.js example.com ftp://x.example/%41 //x.example/%41 www. awww.x.example',
      '<p>node.js example.com ftp://x.example/%41 //x.example/%41 www. awww.x.example</p>',
    ],
    [
      'lists',
      '- a\n- b\n  - c\n\n3. d\n4. e',
      '<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n<ol start="3">\n<li>d</li>\n<li>e</li>\n</ol>',
    ],
    [
      'task lists',
      '- [ ] a\n- [x] **b**\n- [X] `c`\n- [ ]\n- [y] d\n\n[ ] e',
      '<ul>\n<li>☐ a</li>\n<li>☑ <strong>b</strong></li>\n<li>☑ <code>c</code></li>\n<li>[ ]</li>\n<li>[y] d</li>\n</ul>\n<p>[ ] e</p>',
    ],
    [
      'tables',
      '| a | b | c | d |\n|---|:--|:-:|--:|\n| 1 | `x \\| y` | *3* |',
      '<table>\n<thead>\n<tr>\n<th>a</th>\n<th align="left">b</th>\n<th align="center">c</th>\n<th align="right">d</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align="left"><code>x | y</code></td>\n<td align="center"><em>3</em></td>\n<td align="right"></td>\n</tr>\n</tbody>\n</table>',
    ],
    ['quotes', '> a\n> > b', '<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>'],
    ['breaks and rules', 'a  \nb\\\nc\nd\n\n***', '<p>a<br />\nb<br />\nc\nd</p>\n<hr />'],
    ['escapes and entities', '\\*a\\* &copy; &amp; < >', '<p>*a* © &amp; &lt; &gt;</p>'],
    ['nothing', ' \n\n', ''],
  ] as const) {
    test(what, () => {
      const rendered = renderMarkdown(text)
      assert.equal(rendered.trimEnd(), html)
      assertInert(rendered)
    })
  }
})

describe('what is changed or taken away', () => {
  for (const [what, text, html] of [
    [
      'HTML is text',
      '<b>a</b>\n\n<script>alert(1)</script>\n<!-- c -->',
      '<p>&lt;b&gt;a&lt;/b&gt;</p>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;\n&lt;!-- c --&gt;</p>',
    ],
    ['entities do not become tags', '&lt;script&gt; &#60;b&#62;', '<p>&lt;script&gt; &lt;b&gt;</p>'],
    [
      'an image is a link to it',
      '![a *b*](https://x.example/i.png "t")',
      `<p><a href="https://x.example/i.png" title="t" ${rel}>a b</a></p>`,
    ],
    [
      'an image without words is its address',
      '![](https://x.example/i.png)',
      `<p><a href="https://x.example/i.png" ${rel}>https://x.example/i.png</a></p>`,
    ],
    [
      'an image in a link is its words',
      '[![build](https://x.example/b.svg)](https://ci.example)',
      `<p><a href="https://ci.example" ${rel}>build</a></p>`,
    ],
    [
      'an image that is nowhere is its words',
      '![a](i.png) ![b](data:image/png;base64,xx) [![c](https://x.example/c.svg)](/ci)',
      `<p>a b <a href="https://x.example/c.svg" ${rel}>c</a></p>`,
    ],
    ['a path is its words', '[a](docs/x.md) [b *c*](#usage) [d](//x.example)', '<p>a b <em>c</em> d</p>'],
    ['what would run stays as it was written', '[a](javascript:alert(1))', '<p>[a](javascript:alert(1))</p>'],
    ['a code has no class', '```js" onclick="x\n```', '<pre><code></code></pre>'],
    [
      'directions are shown',
      'a\u202eb &#x2066;c&lrm; `\u200f` [x](https://x.example/\u202e "\u061c")',
      `<p>a\\u202eb \\u2066c\\u200e <code>\\u200f</code> <a href="https://x.example/%E2%80%AE" title="\\u061c" ${rel}>x</a></p>`,
    ],
  ] as const) {
    test(what, () => {
      const rendered = renderMarkdown(text)
      assert.equal(rendered.trimEnd(), html)
      assertInert(rendered)
    })
  }

  test('other writings than Latin ones stay as they are', () => {
    for (const text of ['שלום עולם', 'مرحبا', '日本語', '\u{1F40B}', 'नमस्ते'])
      assert.equal(renderMarkdown(text), `<p>${text}</p>\n`)
  })
})

describe('hostile texts', () => {
  test('come out inert, all of them', () => {
    assert.ok(hostileTexts.length > 800)
    for (const text of hostileTexts) assertInert(renderMarkdown(text))
  })

  test('no address leads anywhere but to the web and to mail', () => {
    for (const address of unsafeAddresses) {
      assert.doesNotMatch(renderMarkdown(`[x](${address})`), /<a/, address)
      assert.doesNotMatch(renderMarkdown(`![x](<${address}>)`), /<(?:a|img)/, address)
    }
  })

  test('nor do random ones', () => {
    const texts = fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...fragments) }, anyText), {
      maxLength: 25,
    })
    fc.assert(
      fc.property(texts, (some) => assertInert(renderMarkdown(some.join('')))),
      { numRuns: 400 },
    )
  })

  test('plain HTML of any text is inert too', () => {
    assert.equal(plainHtml('a <b>\n& "c" \u202e'), '<pre>a &lt;b&gt;\n&amp; &quot;c&quot; \\u202e</pre>')
    fc.assert(fc.property(anyText, (text) => assertInert(plainHtml(text))))
    for (const text of hostileTexts) assertInert(plainHtml(text))
  })

  test('the largest texts stay within bounds, and what does not is given as it was written', () => {
    for (const [what, text] of Object.entries(bombs)) {
      assert.ok(text.length <= 25_600, what)
      const html = renderMarkdown(text)
      assertInert(html)
      assert.ok(html.length <= 262_144, `${what}: ${html.length}`)
    }
    const table = bombs['a table of 1,000 columns and 10,000 rows'] ?? ''
    assert.equal(renderMarkdown(table), plainHtml(table))
  })
})
