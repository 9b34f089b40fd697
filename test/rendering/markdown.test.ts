// The worker that renders: started once it is needed, ended when a text takes too long, and never in the way of this thread.

import assert from 'node:assert/strict'
import { subscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'
import { type MarkdownOptions, openMarkdown } from '../../src/rendering/markdown.ts'
import { plainHtml } from '../../src/rendering/plain-html.ts'
import { renderMarkdown } from '../../src/rendering/render-markdown.ts'
import { bombs } from './hostile-texts.ts'
import { assertInert } from './inert-html.ts'

let started = 0
subscribe('worker_threads', () => started++)

/** The worst of them: it needs the whole of any limit here. */
const bomb = bombs['a table of 4,000 columns'] ?? ''
const text = '# A\n\n[x](https://example.com) *y*'
const html = renderMarkdown(text)

interface Closes {
  readonly after: (close: () => Promise<void>) => void
}

/** Time enough for an honest text on a busy machine, unless said otherwise. */
function open(t: Closes, change: Partial<MarkdownOptions> = {}) {
  const errors: Error[] = []
  const markdown = openMarkdown({ limitMs: 20_000, onError: (error) => errors.push(error), ...change })
  t.after(async () => {
    await markdown.close()
  })
  return { markdown, errors }
}

describe('Markdown in a worker', () => {
  test('starts with the first text, and one thread renders them all, in turn', async (t) => {
    const before = started
    const { markdown, errors } = open(t)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(started, before, 'nothing is started yet')
    const texts = Array.from({ length: 20 }, (_, index) => `text *${index}*`)
    assert.deepEqual(
      await Promise.all(texts.map((each) => markdown.render(each))),
      texts.map((each) => renderMarkdown(each)),
    )
    assert.equal(await markdown.render(text), html)
    assert.equal(started, before + 1)
    assert.deepEqual(errors, [])
  })

  test('gives up a text that takes too long, keeps it as it was written, and goes on with the next one', async (t) => {
    const { markdown, errors } = open(t, { limitMs: 50 })
    const before = started
    const answers = await Promise.all([markdown.render(bomb), markdown.render(bomb)])
    assert.deepEqual(answers, [plainHtml(bomb), plainHtml(bomb)])
    assert.equal(started, before + 2)
    // What takes this one past its 50 ms is the machine alone.
    let next: string | undefined
    for (let tries = 0; tries < 20 && next !== html; tries++) next = await markdown.render(text)
    assert.equal(next, html)
    assert.deepEqual(errors, [], 'a text that takes too long is no failure of ours')
  })

  test('the limit of a text ends with it', async (t) => {
    const { markdown } = open(t, { limitMs: 30 })
    const before = started
    let first: string | undefined
    for (let tries = 0; tries < 20 && first !== html; tries++) first = await markdown.render(text)
    const tried = started
    await new Promise((resolve) => setTimeout(resolve, 400))
    await markdown.render(text)
    assert.deepEqual([first, started - tried, tried > before], [html, 0, true])
  })

  test('no hostile text comes out harmful or holds this thread, whatever it does to the other one', async (t) => {
    const { markdown } = open(t, { limitMs: 200 })
    // Starting the thread is not what is measured.
    await markdown.render(text)
    const spent = process.threadCpuUsage()
    const slow = ['a table of 4,000 columns', 'a table of 250 columns', '![', '[', '*_~', 'www.']
    for (const name of slow) {
      const hostile = bombs[name] ?? assert.fail(name)
      const answer = await markdown.render(hostile)
      assertInert(answer ?? assert.fail(`${name}: no room`))
    }
    const { user, system } = process.threadCpuUsage(spent)
    assert.ok(user + system < 500_000, `${user + system} µs on this thread for texts that take seconds`)
  })

  test('has room for so many, and asks the others to come again', async (t) => {
    const { markdown } = open(t)
    const answers = await Promise.all(Array.from({ length: 40 }, () => markdown.render(text)))
    assert.deepEqual(answers, [
      ...Array.from({ length: 32 }, () => html),
      ...Array.from({ length: 8 }, () => undefined),
    ])
    assert.equal(await markdown.render(text), html)
  })

  test('a text that breaks the worker is told, given as it was written, and takes nothing with it', async (t) => {
    const { markdown, errors } = open(t)
    // Never sent by the domain: the parser takes no object, and throws.
    const broken = Object('<b>') as string
    const [first, second] = await Promise.all([markdown.render(broken), markdown.render(text)])
    assert.deepEqual([first, second], ['<pre>&lt;b&gt;</pre>', html])
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['Input data should be a String'],
    )
  })

  test('closing ends what is under way, and nothing starts after it', async (t) => {
    const { markdown, errors } = open(t)
    await markdown.render(text)
    const under = [markdown.render(bomb), markdown.render(text)]
    await new Promise((resolve) => setTimeout(resolve, 20))
    const before = started
    await markdown.close()
    assert.deepEqual(await Promise.all([...under, markdown.render(text)]), [undefined, undefined, undefined])
    assert.equal(started, before)
    assert.deepEqual(errors, [])
    await markdown.close()
  })
})
