import assert from 'node:assert/strict'
import { test } from 'node:test'

import { withBlock } from '../../faults/report.ts'

const page = '# Head\n\nWords.\n\n## F1: one\n\nold\n\n## F5: five\n\nfive\n'

test('a block takes the place of the one of its test, and leaves the others alone', () => {
  const text = withBlock(page, { name: 'F1', text: '## F1: one\n\nnew\n' })
  assert.equal(text, '# Head\n\nWords.\n\n## F1: one\n\nnew\n\n## F5: five\n\nfive\n')
})

test('a new block stands in the order of the tests, one of another registry after ours', () => {
  const power = withBlock(page, { name: 'F3', text: '## F3: power\n\nthree\n' })
  const text = withBlock(power, { name: 'F5 docker-registry', text: '## F5 docker-registry: five\n\ntheirs\n' })
  const names = [...text.matchAll(/^## (.*):/gm)].map((match) => match[1])
  assert.deepEqual(names, ['F1', 'F3', 'F5', 'F5 docker-registry'])
})
