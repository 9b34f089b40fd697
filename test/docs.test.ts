import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { pages } from '../scripts/docs.ts'

for (const [path, text] of Object.entries(pages())) {
  test(`${path} is what \`npm run docs\` writes`, () => {
    assert.equal(readFileSync(join(dirname(import.meta.dirname), path), 'utf8'), text)
  })
}
