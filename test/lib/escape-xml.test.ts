import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { escapeXml } from '../../src/lib/escape-xml.ts'

test('the five characters of markup are escaped, once each', () => {
  assert.equal(
    escapeXml(`<a href="x">Tom & 'Jerry' &amp;</a>`),
    '&lt;a href=&quot;x&quot;&gt;Tom &amp; &apos;Jerry&apos; &amp;amp;&lt;/a&gt;',
  )
})

test('no text leaves markup behind, and all of it can be read back', () => {
  const plain = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ';', 'lt', '\u{1F40B}') }), (text) => {
      const escaped = escapeXml(text)
      assert.doesNotMatch(escaped, /[<>"']|&(?!(?:lt|gt|quot|apos|amp);)/)
      const names = Object.entries(plain)
      assert.equal(
        names.reduce((read, [name, character]) => read.replaceAll(`&${name};`, character), escaped),
        text,
      )
    }),
  )
})
