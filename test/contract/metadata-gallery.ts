// The contract of the metadata port, continued: what the gallery finds, and downloads.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'

import type { GalleryEntry, GalleryOrder, GalleryPosition, GalleryQuery } from '../../src/domain/ports/gallery.ts'
import type { Metadata, Repository } from '../../src/domain/ports/metadata.ts'
import { wordsOf } from '../../src/lib/search-words.ts'
import { repositoryNamed, sharedMetadata, type OpenMetadata } from './metadata-samples.ts'

export function galleryContract(open: OpenMetadata): void {
  searchContract(open)
  changesContract(open)
}

const everything: GalleryQuery = {
  words: [],
  verified: undefined,
  architectures: [],
  operatingSystems: [],
  order: 'NAME',
  backwards: false,
}
const orders: readonly GalleryOrder[] = ['POPULARITY', 'NAME', 'DATE']

async function givenRegistry(metadata: Metadata, accountId: string, change: { displayName?: string } = {}) {
  await metadata.write(async (tx) => {
    await tx.registries.put({ accountId, displayName: undefined, verified: false, ...change })
    const alias = { accountId, status: 'ACTIVE', default: true, createdAtMs: 1 } as const
    await tx.registries.createAlias({ ...alias, name: `main-${accountId}`, primary: true })
    await tx.registries.createAlias({ ...alias, name: `more-${accountId}`, primary: false })
  })
}

async function givenRepository(metadata: Metadata, accountId: string, name: string): Promise<Repository> {
  const repository = repositoryNamed(name, { registry: { kind: 'public', accountId, region: '' } })
  assert.equal(await metadata.write((tx) => tx.repositories.create(repository, [])), true)
  return repository
}

function entryOf({ id, registry, name }: Repository, change: Partial<GalleryEntry> = {}): GalleryEntry {
  return {
    repositoryId: id,
    accountId: registry.accountId,
    name,
    verified: false,
    updatedAtMs: 1_700_000_000_000,
    card: {},
    words: wordsOf(name).map((word) => ({ word, alias: undefined })),
    ...change,
  }
}

/** Names of all that is found, by pages of `size`. `total` decides how they are looked for. */
async function namesOf(metadata: Metadata, query: GalleryQuery, total: number, size = 100): Promise<readonly string[]> {
  const names: string[] = []
  let after: GalleryPosition | undefined
  for (;;) {
    const rows = await metadata.read.gallery.page(query, total, after, size)
    names.push(...rows.map((row) => row.name))
    assert.ok(names.length <= 1000, 'pages that never end')
    after = rows.at(-1)?.position
    if (rows.length < size) return names
  }
}

function searchContract(open: OpenMetadata): void {
  describe('the gallery finds', () => {
    const store = sharedMetadata(open)
    const accounts = ['000000000001', '000000000002']
    const made: (GalleryEntry & { readonly downloads: number })[] = []
    before(async () => {
      for (const accountId of accounts) await givenRegistry(store.metadata, accountId, { displayName: 'Somebody' })
      // Few values of each kind, and each name in both accounts, so that there are many ties.
      for (let at = 0; at < 24; at++) {
        const name = `team${at % 3}/app-${String((at * 7) % 12).padStart(2, '0')}`
        const repository = await givenRepository(store.metadata, accounts[at < 12 ? 0 : 1] ?? '', name)
        const entry = entryOf(repository, {
          verified: at % 4 === 0,
          updatedAtMs: 1_700_000_000_000 + (at % 2),
          card: {
            description: `nr ${at}`,
            ...(at % 5 !== 0 && { architectures: [['ARM', 'x86-64', 'MIPS'][at % 3] ?? ''] }),
            operatingSystems: at % 2 === 0 ? ['Linux', 'Windows'] : ['Linux'],
          },
          words: [
            ...wordsOf(name).map((word) => ({ word, alias: undefined })),
            ...(at % 6 === 0
              ? [
                  { word: 'rare', alias: undefined },
                  { word: 'rarely', alias: undefined },
                ]
              : []),
            { word: `main/${name}`, alias: 'main' },
            // Words that are frequent in all: they are counted in another way.
            ...Array.from({ length: 50 }, (_, nr) => ({ word: `bulk${nr}`, alias: undefined })),
            ...(at % 12 === 5 ? [] : Array.from({ length: 50 }, (_, nr) => ({ word: `mass${nr}`, alias: undefined }))),
          ],
        })
        const downloads = at % 3 === 0 ? 0 : at % 4
        await store.metadata.write(async (tx) => {
          await tx.gallery.put(entry)
          await tx.gallery.addDownloads(repository.id, downloads)
        })
        made.push({ ...entry, downloads })
      }
    })

    const fits = ({ words, verified, card }: GalleryEntry, query: GalleryQuery) =>
      query.words.every((term) => words.some(({ word }) => word.startsWith(term))) &&
      (query.verified === undefined || verified === query.verified) &&
      (query.architectures.length === 0 || query.architectures.some((name) => card.architectures?.includes(name))) &&
      (query.operatingSystems.length === 0 ||
        query.operatingSystems.some((name) => card.operatingSystems?.includes(name)))

    /** What should be found. Those that are alike in key and name stay in the order they were made. */
    function expected(query: GalleryQuery): readonly string[] {
      const keyOf = (entry: (typeof made)[number]) =>
        ({ POPULARITY: -entry.downloads, NAME: 0, DATE: -entry.updatedAtMs })[query.order]
      const found = made
        .filter((entry) => fits(entry, query))
        .toSorted((a, b) => keyOf(a) - keyOf(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
      return (query.backwards ? found.toReversed() : found).map(({ name }) => name)
    }

    const asked: Readonly<Record<string, Partial<GalleryQuery>>> = {
      everything: {},
      'beginnings of words': { words: ['app-0'] },
      'a word that two of a repository begin with, once': { words: ['rare'] },
      'what has all of several words, in any order': { words: ['team0', 'rare'] },
      'four words': { words: ['app', 'team', 'main/team', 'rare'] },
      'a frequent word': { words: ['mass'] },
      'two frequent words': { words: ['bulk', 'mass'] },
      'three, and a filter': { words: ['mass', 'bul', 'ma'], verified: false, architectures: ['ARM'] },
      'a frequent word and a filter': { words: ['mass'], operatingSystems: ['Windows'] },
      'a frequent word and a rare one': { words: ['bulk', 'rare'], operatingSystems: ['Linux'] },
      'words with an alias in them': { words: ['main/team2'] },
      'verified ones': { verified: true },
      'those that are not': { verified: false, words: ['app-1'] },
      'an architecture': { architectures: ['x86-64'] },
      'one of several': { architectures: ['x86-64', 'ARM'], operatingSystems: ['Windows'] },
      'words and filters': { words: ['team'], verified: true, architectures: ['ARM'], operatingSystems: ['Linux'] },
      'many words and a filter': { words: ['team', 'app', 'main'], operatingSystems: ['Windows'] },
      'nothing by the middle of a word': { words: ['eam'] },
      'nothing by a word in capitals': { words: ['TEAM'] },
      'nothing by a pattern': { words: ['%'] },
      'nothing by another pattern': { words: ['team_'] },
      'nothing where one word is missing': { words: ['team', 'nowhere'] },
      'nothing in a badge that nobody has': { architectures: ['ARM 64'] },
    }

    for (const [what, change] of Object.entries(asked)) {
      test(what, async () => {
        for (const order of orders) {
          for (const backwards of [false, true]) {
            const query = { ...everything, order, backwards, ...change }
            const names = expected(query)
            assert.equal(names.length === 0, what.startsWith('nothing'), what)
            assert.equal(await store.metadata.read.gallery.count(query), names.length)
            // Whether few or many are expected changes how they are looked for, and nothing else.
            for (const total of [1, 1_000_000]) {
              for (const size of [1, 5, 100]) assert.deepEqual(await namesOf(store.metadata, query, total, size), names)
            }
          }
        }
      })
    }

    test('all that a list shows, with the primary alias', async () => {
      const [entry] = made
      assert.ok(entry)
      const query = { ...everything, words: [...wordsOf(entry.name)], order: 'POPULARITY' } as const
      const [row] = await store.metadata.read.gallery.page(query, 1, undefined, 1)
      assert.ok(row)
      const { position: _, ...shown } = row
      assert.deepEqual(shown, {
        name: entry.name,
        accountId: entry.accountId,
        alias: `main-${entry.accountId}`,
        displayName: 'Somebody',
        verified: entry.verified,
        downloads: entry.downloads,
        card: entry.card,
      })
    })
  })
}

function changesContract(open: OpenMetadata): void {
  describe('the gallery, kept', () => {
    const store = sharedMetadata(open)
    let accounts = 100

    /** A repository of an account of its own, shown by its name and the word `w<account>`. */
    async function given(change: Partial<GalleryEntry> = {}) {
      const accountId = String(++accounts).padStart(12, '0')
      await givenRegistry(store.metadata, accountId)
      const repository = await givenRepository(store.metadata, accountId, `made/${randomUUID()}`)
      const own = [...wordsOf(repository.name), `w${accountId}`].map((word) => ({ word, alias: undefined }))
      const entry = entryOf(repository, { words: own, ...change })
      await store.metadata.write((tx) => tx.gallery.put(entry))
      const find = (word: string, more: Partial<GalleryQuery> = {}) =>
        namesOf(store.metadata, { ...everything, words: [word], ...more }, 1)
      return { accountId, repository, entry, word: `w${accountId}`, find }
    }

    test('a repository that was never put is not found, and has no downloads', async () => {
      const { gallery } = store.metadata.read
      assert.equal(await gallery.downloads(randomUUID()), 0)
      assert.deepEqual(await store.metadata.write((tx) => tx.gallery.notePush(randomUUID(), 1)), false)
      assert.deepEqual(await store.metadata.write((tx) => tx.gallery.describe(randomUUID(), {}, ['x'])), false)
      await store.metadata.write((tx) => tx.gallery.hide(randomUUID()))
    })

    test('an entry of a repository that is not there is a defect', async () => {
      const { entry } = await given()
      const nowhere = { ...entry, repositoryId: randomUUID() }
      await assert.rejects(store.metadata.write((tx) => tx.gallery.put(nowhere)))
    })

    test('one that is hidden is not found, counted nor changed; shown again, it has its downloads still', async () => {
      const { repository, entry, word, find } = await given({ words: [{ word: 'hideaway', alias: undefined }] })
      const count = () => store.metadata.read.gallery.count({ ...everything, words: ['hideaway'] })
      const all = () => store.metadata.read.gallery.count(everything)
      const before = await all()
      await store.metadata.write((tx) => tx.gallery.addDownloads(repository.id, 3))
      await store.metadata.write((tx) => tx.gallery.hide(repository.id))
      assert.deepEqual([await find('hideaway'), await count(), await all()], [[], 0, before - 1])
      assert.equal(await store.metadata.write((tx) => tx.gallery.notePush(repository.id, 1)), false)
      assert.equal(await store.metadata.write((tx) => tx.gallery.describe(repository.id, {}, ['hideaway'])), false)
      await store.metadata.write((tx) => tx.gallery.putAlias(entry.accountId, 'hideaway', ['hideaway']))
      assert.deepEqual([await find('hideaway'), await count()], [[], 0])
      await store.metadata.write((tx) => tx.gallery.put({ ...entry, words: [{ word, alias: undefined }] }))
      assert.deepEqual([await find(word), await find('hideaway'), await all()], [[repository.name], [], before])
      assert.equal(await store.metadata.read.gallery.downloads(repository.id), 3)
    })

    test('a push makes it the last one', async () => {
      const [one, other] = [await given({ words: [{ word: 'pushed', alias: undefined }] }), await given()]
      await store.metadata.write((tx) =>
        tx.gallery.put({
          ...other.entry,
          words: [{ word: 'pushed', alias: undefined }],
          updatedAtMs: 1_700_000_000_001,
        }),
      )
      const byDate = () => one.find('pushed', { order: 'DATE' })
      assert.deepEqual(await byDate(), [other.repository.name, one.repository.name])
      assert.equal(await store.metadata.write((tx) => tx.gallery.notePush(one.repository.id, 1_800_000_000_000)), true)
      assert.deepEqual(await byDate(), [one.repository.name, other.repository.name])
    })

    test('another description replaces card and words, but not those of aliases', async () => {
      const { accountId, repository, find } = await given({
        words: [
          { word: 'before', alias: undefined },
          { word: 'both', alias: undefined },
          { word: 'both', alias: 'alias' },
          { word: 'alias/x', alias: 'alias' },
        ],
        card: { description: 'before', architectures: ['ARM'] },
      })
      const card = { description: 'Ünïcode \u{1F40B}', operatingSystems: ['Windows', 'Plan 9'], logo: 'logo' }
      const change = () => store.metadata.write((tx) => tx.gallery.describe(repository.id, card, ['after']))
      assert.equal(await change(), true)
      assert.deepEqual([await find('before'), await find('after')], [[], [repository.name]])
      assert.deepEqual([await find('both'), await find('alias/')], [[repository.name], [repository.name]])
      assert.deepEqual(await find('after', { architectures: ['ARM'] }), [])
      assert.deepEqual(await find('after', { operatingSystems: ['Windows'] }), [repository.name])
      const [row] = await store.metadata.read.gallery.page({ ...everything, words: ['after'] }, 1, undefined, 1)
      assert.deepEqual([row?.card, row?.accountId], [card, accountId])
    })

    test('the verified mark is for all of an account and no other', async () => {
      const [mine, yours] = [await given(), await given()]
      const verified = async () => [
        await mine.find(mine.word, { verified: true }),
        await yours.find(yours.word, { verified: true }),
      ]
      await store.metadata.write((tx) => tx.gallery.verify(mine.accountId, true))
      assert.deepEqual(await verified(), [[mine.repository.name], []])
      await store.metadata.write((tx) => tx.gallery.verify(mine.accountId, false))
      assert.deepEqual(await verified(), [[], []])
    })

    test('words of an alias come and go with it, for all of its account, as long as words are', async () => {
      const { accountId, repository, word, find } = await given()
      const long = await givenRepository(store.metadata, accountId, `long/${'x'.repeat(100)}`)
      await store.metadata.write(async (tx) => {
        await tx.gallery.put(entryOf(long))
        await tx.gallery.putAlias(accountId, 'my-corp', ['my-corp', 'corp'])
        await tx.gallery.putAlias(accountId, 'my-corp', ['my-corp'])
        await tx.gallery.putAlias(accountId, 'corp', ['corp'])
      })
      const both = [long.name, repository.name]
      assert.deepEqual(await find('my-corp/'), both)
      assert.deepEqual(await find(`corp/made`), [repository.name])
      assert.deepEqual(await find(`corp/long/${'x'.repeat(54)}`), [long.name])
      assert.deepEqual(await find(`corp/long/${'x'.repeat(55)}`), [])
      await store.metadata.write((tx) => tx.gallery.removeAlias(accountId, 'my-corp'))
      assert.deepEqual([await find('my-corp'), await find('corp/'), await find(word)], [[], both, [repository.name]])
      await store.metadata.write((tx) => tx.gallery.removeAlias(accountId, 'corp'))
      assert.deepEqual(await find('corp'), [])
    })

    test('downloads add up, and those of a repository that is gone are left out', async () => {
      const { repository } = await given()
      const { gallery } = store.metadata.read
      for (const count of [1, 41]) await store.metadata.write((tx) => tx.gallery.addDownloads(repository.id, count))
      assert.equal(await gallery.downloads(repository.id), 42)
      await store.metadata.write((tx) => tx.repositories.remove(repository.id, 1))
      await store.metadata.write((tx) => tx.gallery.addDownloads(repository.id, 1))
      assert.equal(await gallery.downloads(repository.id), 0)
    })

    test('a repository that is deleted takes its words along, and its number may be used again', async () => {
      const { repository, word, find } = await given()
      await store.metadata.write((tx) => tx.repositories.remove(repository.id, 1))
      assert.deepEqual(await find(word), [])
      const next = await given()
      assert.deepEqual([await find(word), await find(next.word)], [[], [next.repository.name]])
    })
  })
}
