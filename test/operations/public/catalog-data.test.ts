// GetRepositoryCatalogData, PutRepositoryCatalogData, and the logos that come with CreateRepository and go with DeleteRepository.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'

import { StorageFullError } from '../../../src/domain/ports/storage-errors.ts'
import { createRepository } from '../../../src/operations/public/create-repository.ts'
import { deleteRepository } from '../../../src/operations/public/delete-repository.ts'
import { getRepositoryCatalogData } from '../../../src/operations/public/get-repository-catalog-data.ts'
import { putRepositoryCatalogData } from '../../../src/operations/public/put-repository-catalog-data.ts'
import { createLogoHandler } from '../../../src/protocol/logos.ts'
import { toRequest } from '../../support/sign.ts'
import {
  chunk,
  invalid,
  openPublic,
  pngOf,
  pngWith,
  repositoryNotFound,
  testRepositoryRules,
  type Input,
  type PublicRegistry,
} from './calls.ts'

testRepositoryRules(getRepositoryCatalogData, {}, 'account')
testRepositoryRules(putRepositoryCatalogData, { catalogData: {} }, 'account')

const repositoryName = 'app'
const logos = ({ registry }: PublicRegistry) => readdir(join(registry.directory, 'logos'))
const withLogo = (png: Buffer) => ({ logoImageBlob: png.toString('base64') })

/** The name in the address of a logo. */
function nameOf(answer: Input): string {
  const { logoUrl } = answer['catalogData'] as { logoUrl: string }
  const [, name] = /^http:\/\/localhost:4511\/logo\/([0-9a-f]{64}-[0-9a-f]{16})\.png$/.exec(logoUrl) ?? []
  assert.ok(name, logoUrl)
  return name
}

describe('catalog data', () => {
  test('a repository that was given none has an empty one', async (t) => {
    const { call, given } = await openPublic(t)
    await given(repositoryName)
    assert.deepEqual(await call(getRepositoryCatalogData, { repositoryName }), { catalogData: {} })
  })

  test('what is put replaces all there was', async (t) => {
    const { call } = await openPublic(t)
    const full = {
      description: 'first',
      architectures: ['x86-64'],
      operatingSystems: ['Linux'],
      aboutText: '# About',
      usageText: 'docker pull',
    }
    await call(createRepository, { repositoryName, catalogData: full })
    assert.deepEqual(await call(getRepositoryCatalogData, { repositoryName }), { catalogData: full })
    for (const catalogData of [{ description: '', architectures: [], operatingSystems: [] }, { aboutText: 'x' }, {}]) {
      assert.deepEqual(await call(putRepositoryCatalogData, { repositoryName, catalogData }), { catalogData })
      assert.deepEqual(await call(getRepositoryCatalogData, { repositoryName }), { catalogData })
    }
  })

  test('texts and lists that are too long', async (t) => {
    const { call, refused, given } = await openPublic(t)
    await given(repositoryName)
    const atMost = (limit: number) => `must have length less than or equal to ${limit}`
    const atLeast = (limit: number) => `must have length greater than or equal to ${limit}`
    for (const [catalogData, member, constraint] of [
      [{ description: 'x'.repeat(1025) }, 'description', atMost(1024)],
      [{ aboutText: 'x'.repeat(25_601) }, 'aboutText', atMost(25_600)],
      [{ usageText: 'x'.repeat(25_601) }, 'usageText', atMost(25_600)],
      [{ architectures: Array.from({ length: 51 }, () => 'ARM') }, 'architectures', atMost(50)],
      [{ architectures: ['ARM', ''] }, 'architectures.2.member', atLeast(1)],
      [{ architectures: ['x'.repeat(51)] }, 'architectures.1.member', atMost(50)],
      [{ operatingSystems: Array.from({ length: 51 }, () => 'Linux') }, 'operatingSystems', atMost(50)],
      [{ operatingSystems: [''] }, 'operatingSystems.1.member', atLeast(1)],
      [{ operatingSystems: ['x'.repeat(51)] }, 'operatingSystems.1.member', atMost(50)],
      [{ logoImageBlob: Buffer.alloc(512_001).toString('base64') }, 'logoImageBlob', atMost(512_000)],
    ] as const) {
      const refusal = invalid(`catalogData.${member}`, constraint)
      await refused(putRepositoryCatalogData, { repositoryName, catalogData }, refusal)
      await refused(createRepository, { repositoryName: 'new', catalogData }, refusal)
    }
    await refused(putRepositoryCatalogData, { repositoryName }, invalid('catalogData', 'must not be null'))
    assert.deepEqual(await call(getRepositoryCatalogData, { repositoryName }), { catalogData: {} })
  })
})

describe('logos', () => {
  test('the smallest and the largest are kept as they came', async (t) => {
    const opened = await openPublic(t)
    const { call, registry } = opened
    await opened.given(repositoryName)
    for (const png of [pngOf(60, 60), pngOf(2048, 2048), pngOf(60, 2048)]) {
      const answer = await call(putRepositoryCatalogData, { repositoryName, catalogData: withLogo(png) })
      assert.deepEqual(await registry.services.logos.read(nameOf(answer)), png)
      assert.deepEqual(await call(getRepositoryCatalogData, { repositoryName }), answer)
      assert.deepEqual(await logos(opened), [`${nameOf(answer)}.png`], 'the one before is gone')
    }
  })

  test('moving ones, and ones with text in them, are kept as they came: browsers are told to run nothing of theirs', async (t) => {
    const opened = await openPublic(t)
    const { call, registry } = opened
    await opened.given(repositoryName)
    const still = pngOf(100, 100)
    const [header, pixels] = [still.subarray(8, 33), still.subarray(33, -12)]
    const text = (type: string, words: string) => chunk(type, Buffer.from(words, 'latin1'))
    // Two frames, each for a tenth of a second, without end: https://www.w3.org/TR/png-3/#apng-frame-based-animation
    const frame = (sequence: number) =>
      chunk('fcTL', numbers(sequence, 100, 100, 0, 0, (1 << 16) | 10, 0).subarray(0, 26))
    const moving = [chunk('acTL', numbers(2, 0)), frame(0), pixels, frame(1)]
    const second = chunk('fdAT', Buffer.concat([numbers(2), pixels.subarray(8, -4)]))
    const words = text('tEXt', 'Comment\0<script>alert(1)</script>')
    const largest = 512_000 - still.length - 12
    for (const png of [
      pngWith([header, ...moving, second, chunk('IEND')]),
      pngWith([header, words, text('iTXt', 'XML\0\0\0\0\0<svg onload=alert(1)>'), pixels, words, chunk('IEND')]),
      pngWith([header, text('tEXt', 'x'.repeat(largest)), pixels, chunk('IEND')]),
    ]) {
      const answer = await call(putRepositoryCatalogData, { repositoryName, catalogData: withLogo(png) })
      const path = new URL((answer['catalogData'] as { logoUrl: string }).logoUrl).pathname
      const served = await createLogoHandler(registry.services)(toRequest({ method: 'GET', target: path, headers: [] }))
      assert.deepEqual(served.body, png)
      assert.deepEqual(
        ['Content-Type', 'X-Content-Type-Options', 'Content-Security-Policy'].map((name) => served.headers[name]),
        ['image/png', 'nosniff', "default-src 'none'; sandbox"],
      )
    }
  })

  test('the same image keeps its address, another repository has one of its own', async (t) => {
    const opened = await openPublic(t)
    const { call } = opened
    const catalogData = withLogo(pngOf(100, 100))
    const first = await call(createRepository, { repositoryName, catalogData })
    const again = await call(putRepositoryCatalogData, {
      repositoryName,
      catalogData: { ...catalogData, description: 'new' },
    })
    assert.equal(nameOf(again), nameOf(first))
    const other = await call(createRepository, { repositoryName: 'other', catalogData })
    assert.notEqual(nameOf(other), nameOf(first))
    assert.deepEqual((await logos(opened)).toSorted(), [`${nameOf(first)}.png`, `${nameOf(other)}.png`].toSorted())
    await call(deleteRepository, { repositoryName: 'other' })
    assert.deepEqual(await logos(opened), [`${nameOf(first)}.png`])
  })

  test('one that is not given again is gone, an empty one is none', async (t) => {
    const opened = await openPublic(t)
    const { call } = opened
    await call(createRepository, { repositoryName, catalogData: withLogo(pngOf(100, 100)) })
    for (const catalogData of [{ logoImageBlob: null }, withLogo(pngOf(61, 61)), { logoImageBlob: '' }]) {
      await call(putRepositoryCatalogData, { repositoryName, catalogData })
      assert.equal((await logos(opened)).length, catalogData.logoImageBlob ? 1 : 0)
    }
  })

  test('a refusal leaves no file behind', async (t) => {
    const opened = await openPublic(t)
    await opened.given(repositoryName)
    const catalogData = withLogo(pngOf(100, 100))
    await opened.refused(
      createRepository,
      { repositoryName, catalogData },
      {
        name: 'RepositoryAlreadyExistsException',
        message: "The repository with name 'app' already exists in the registry with id '123456789012'",
      },
    )
    await opened.refused(putRepositoryCatalogData, { repositoryName: 'none', catalogData }, repositoryNotFound('none'))
    assert.deepEqual(await logos(opened), [])
  })

  test('no room for it', async (t) => {
    const opened = await openPublic(t)
    await opened.given(repositoryName)
    const full = { ...opened.registry.services.logos, put: () => Promise.reject(new StorageFullError('full')) }
    const input = { repositoryName, catalogData: { ...withLogo(pngOf(100, 100)), description: 'not kept' } }
    const refusal = { name: 'ServerException', message: 'The registry storage is full' }
    await opened.refused(putRepositoryCatalogData, input, refusal, { ...opened.ctx(), logos: full })
    assert.deepEqual(await opened.call(getRepositoryCatalogData, { repositoryName }), { catalogData: {} })
  })
})

const shared = await openPublic({ after })
await shared.given(repositoryName)

describe('logos that are refused', () => {
  const png = pngOf(100, 100)
  const [header, pixels] = [png.subarray(8, 33), png.subarray(33, -12)]
  const notPng = 'must be a PNG image'
  const flipped = Buffer.from(png)
  flipped[40]! ^= 1
  for (const [what, bytes, constraint] of [
    ['59 pixels wide', pngOf(59, 60), 'must be between 60 and 2048 pixels wide and high'],
    ['59 pixels high', pngOf(60, 59), 'must be between 60 and 2048 pixels wide and high'],
    ['2,049 pixels wide', pngOf(2049, 60), 'must be between 60 and 2048 pixels wide and high'],
    ['60,000 pixels wide and high by its header', hugeOf(png), 'must be between 60 and 2048 pixels wide and high'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"/>'), notPng],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), notPng],
    ['a GIF that is a script too', Buffer.from('GIF89a=1;/*...*/alert(1)'), notPng],
    ['a GIF and a PNG', Buffer.concat([Buffer.from('GIF89a'), png]), notPng],
    ['a JPEG', Buffer.from('ffd8ffe000104a464946', 'hex'), notPng],
    ['a signature alone', png.subarray(0, 8), notPng],
    ['a page after a signature', Buffer.concat([png.subarray(0, 8), Buffer.from('<script>alert(1)</script>')]), notPng],
    ['a PNG with something after its end', Buffer.concat([png, Buffer.from('<script>')]), notPng],
    ['a PNG that is cut', png.subarray(0, -1), notPng],
    ['a PNG without an end', png.subarray(0, -12), notPng],
    ['a PNG without pixels', pngWith([header, chunk('IEND')]), notPng],
    [
      'a PNG that begins with another chunk',
      pngWith([chunk('tEXt', Buffer.from('a\0b')), header, pixels, chunk('IEND')]),
      notPng,
    ],
    ['a PNG with a damaged chunk', flipped, notPng],
    ['a chunk longer than the file', pngWith([header, Buffer.from('7fffffff49444154', 'hex')]), notPng],
  ] as const) {
    test(what, async () => {
      const refusal = invalid('logoImageBlob', constraint)
      await shared.refused(putRepositoryCatalogData, { repositoryName, catalogData: withLogo(bytes) }, refusal)
      await shared.refused(createRepository, { repositoryName: 'new', catalogData: withLogo(bytes) }, refusal)
      assert.deepEqual(await logos(shared), [])
    })
  }
})

function numbers(...values: readonly number[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
  return bytes
}

/** The same PNG with another size in its header. */
function hugeOf(png: Buffer): Buffer {
  const size = Buffer.from(png.subarray(16, 29))
  size.writeUInt32BE(60_000, 0)
  size.writeUInt32BE(60_000, 4)
  return pngWith([chunk('IHDR', size), png.subarray(33)])
}
