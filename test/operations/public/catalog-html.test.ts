// The HTML of catalog data: made and kept with the texts, replaced with them, shown to the gallery and never by the ECR Public API.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Context } from '../../../src/domain/context.ts'
import type { CatalogData } from '../../../src/domain/ports/metadata.ts'
import { StorageFullError } from '../../../src/domain/ports/storage-errors.ts'
import { getShownCatalogData } from '../../../src/domain/public/catalog-html.ts'
import { publicRegistryOf } from '../../../src/domain/references.ts'
import { createRepository } from '../../../src/operations/public/create-repository.ts'
import { deleteRepository } from '../../../src/operations/public/delete-repository.ts'
import { getRepositoryCatalogData } from '../../../src/operations/public/get-repository-catalog-data.ts'
import { putRepositoryCatalogData } from '../../../src/operations/public/put-repository-catalog-data.ts'
import { account } from '../../support/registry.ts'
import { openPublic, type PublicRegistry } from './calls.ts'

const repositoryName = 'app'
const registryKey = publicRegistryOf(account)
const texts = { aboutText: '# About\n<script>alert(1)</script>', usageText: '*use* [it](javascript:alert(1))' }
const html = {
  aboutHtml: '<h1>About</h1>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n',
  usageHtml: '<p><em>use</em> [it](javascript:alert(1))</p>\n',
  htmlRules: 1,
}

async function repositoryId({ registry }: PublicRegistry): Promise<string> {
  const repository = await registry.services.metadata.read.repositories.find(registryKey, repositoryName)
  return repository?.id ?? assert.fail('no repository')
}

const row = async (opened: PublicRegistry) =>
  opened.registry.services.metadata.read.catalog.find(await repositoryId(opened))

/** Puts a row as it lies there, as an older server would have. */
async function givenRow(opened: PublicRegistry, data: CatalogData): Promise<void> {
  const id = await repositoryId(opened)
  await opened.registry.services.metadata.write((tx) => tx.catalog.put(id, data))
}

const shown = (opened: PublicRegistry, ctx: Context = opened.ctx()) =>
  getShownCatalogData(ctx, registryKey, repositoryName)

/** A renderer that is asked, and does what a test says. */
function withRenderer(opened: PublicRegistry, render: (text: string) => Promise<string | undefined>, rules = 1) {
  const asked: string[] = []
  const markdown: Context['markdown'] = {
    rules,
    render: (text) => {
      asked.push(text)
      return render(text)
    },
    close: async () => {},
  }
  return { asked, ctx: { ...opened.ctx(), markdown } }
}

describe('HTML of catalog data', () => {
  test('CreateRepository keeps it beside the texts, and shows the texts alone', async (t) => {
    const opened = await openPublic(t)
    const created = await opened.call(createRepository, { repositoryName, catalogData: texts })
    assert.deepEqual(created['catalogData'], texts)
    assert.deepEqual(await row(opened), { ...texts, ...html })
    assert.deepEqual(await opened.call(getRepositoryCatalogData, { repositoryName }), { catalogData: texts })
    const { catalogData } = await opened.registry.perform(getRepositoryCatalogData, { repositoryName }, opened.ctx())
    assert.deepEqual({ ...catalogData }, { ...texts, logoUrl: undefined }, 'before it is written as JSON too')
  })

  test('PutRepositoryCatalogData replaces it with the texts', async (t) => {
    const opened = await openPublic(t)
    await opened.given(repositoryName)
    const { aboutText, usageText } = texts
    const { aboutHtml, usageHtml, htmlRules } = html
    for (const [catalogData, kept] of [
      [texts, { ...texts, ...html }],
      [{ aboutText }, { aboutText, aboutHtml, htmlRules }],
      [
        { usageText, description: 'd' },
        { usageText, description: 'd', usageHtml, htmlRules },
      ],
      [
        { aboutText: '', usageText: '~~x~~' },
        { aboutText: '', usageText: '~~x~~', aboutHtml: '', usageHtml: '<p><del>x</del></p>\n', htmlRules },
      ],
      [{ description: 'd' }, { description: 'd' }],
      [{}, {}],
    ] as const) {
      assert.deepEqual(await opened.call(putRepositoryCatalogData, { repositoryName, catalogData }), { catalogData })
      assert.deepEqual(await row(opened), kept)
      assert.deepEqual(await opened.call(getRepositoryCatalogData, { repositoryName }), { catalogData })
    }
  })
})

describe('catalog data as the gallery shows it', () => {
  test('is what was kept: nothing is rendered again', async (t) => {
    const opened = await openPublic(t)
    await opened.call(createRepository, { repositoryName, catalogData: { ...texts, description: 'd' } })
    const { asked, ctx } = withRenderer(opened, () => assert.fail('was asked'))
    assert.deepEqual(await shown(opened, ctx), { ...texts, ...html, description: 'd' })
    await opened.call(putRepositoryCatalogData, { repositoryName, catalogData: { description: 'd' } })
    assert.deepEqual(await shown(opened, ctx), { description: 'd' })
    assert.deepEqual(asked, [])
  })

  test('is empty where there is none, and no repository is none', async (t) => {
    const opened = await openPublic(t)
    await assert.rejects(shown(opened), { name: 'RepositoryNotFoundException' })
    await opened.given(repositoryName)
    assert.deepEqual(await shown(opened), {})
  })

  test('a row without HTML, or with that of other rules, is given it once', async (t) => {
    const opened = await openPublic(t)
    await opened.given(repositoryName)
    for (const old of [
      texts,
      { ...texts, aboutHtml: html.aboutHtml, htmlRules: 1 },
      { ...texts, ...html, htmlRules: 0 },
    ]) {
      await givenRow(opened, { ...old, description: 'd' })
      const { asked, ctx } = withRenderer(opened, async (text) => `<p>${text.length}</p>`)
      const expected = { ...texts, description: 'd', aboutHtml: '<p>33</p>', usageHtml: '<p>31</p>', htmlRules: 1 }
      for (const _ of [1, 2]) assert.deepEqual(await shown(opened, ctx), expected)
      assert.deepEqual(await row(opened), expected)
      assert.deepEqual(asked, [texts.aboutText, texts.usageText])
    }
  })

  test('without room in the renderer there is no HTML, not even that of other rules, and the next reader asks again', async (t) => {
    const opened = await openPublic(t)
    const busy = withRenderer(opened, async () => undefined)
    await opened.call(createRepository, { repositoryName, catalogData: texts }, busy.ctx)
    assert.deepEqual(await row(opened), { ...texts, htmlRules: 1 })
    await givenRow(opened, { ...texts, ...html, htmlRules: 0 })
    const { aboutHtml, usageHtml } = await shown(opened, busy.ctx)
    assert.deepEqual([aboutHtml, usageHtml], [undefined, undefined])
    assert.deepEqual(await row(opened), { ...texts, ...html, htmlRules: 0 })
    assert.deepEqual(await shown(opened), { ...texts, ...html })
    assert.deepEqual(await row(opened), { ...texts, ...html })
  })

  test('what was put meanwhile is not undone', async (t) => {
    const opened = await openPublic(t)
    await opened.given(repositoryName)
    for (const newer of [{ ...texts, aboutText: 'newer' }, { ...texts, usageText: 'newer' }, {}]) {
      await givenRow(opened, texts)
      const { ctx } = withRenderer(opened, async () => {
        await givenRow(opened, newer)
        return '<p>old</p>'
      })
      assert.equal((await shown(opened, ctx)).aboutHtml, '<p>old</p>')
      assert.deepEqual(await row(opened), newer)
    }
    await givenRow(opened, texts)
    const { ctx } = withRenderer(opened, async () => {
      await opened.call(deleteRepository, { repositoryName }).catch(() => {})
      return '<p>gone</p>'
    })
    assert.equal((await shown(opened, ctx)).aboutHtml, '<p>gone</p>')
    await assert.rejects(shown(opened), { name: 'RepositoryNotFoundException' })
  })

  test('a full disk keeps nobody from reading, and is told', async (t) => {
    const opened = await openPublic(t)
    await opened.given(repositoryName)
    await givenRow(opened, texts)
    const { services } = opened.registry
    const told: string[] = []
    const ctx: Context = {
      ...opened.ctx(),
      metadata: { ...services.metadata, write: () => Promise.reject(new StorageFullError('full')) },
      onBackgroundError: (what, error) => told.push(`${what}: ${String(error)}`),
    }
    assert.deepEqual(await shown(opened, ctx), { ...texts, ...html })
    assert.deepEqual(told, ['keeping the HTML of catalog data: StorageFullError: full'])
    assert.deepEqual(await row(opened), texts)
  })
})
