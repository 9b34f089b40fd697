// A gallery with something in it: public registries of several accounts, and the questions that nobody signs.

import assert from 'node:assert/strict'

import type { Context } from '../../../src/domain/context.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { searchRepositoryCatalogData } from '../../../src/operations/gallery/search-repository-catalog-data.ts'
import { createRepository } from '../../../src/operations/public/create-repository.ts'
import { putImage } from '../../../src/operations/public/put-image.ts'
import { anonymous } from '../../../src/protocol/public/login.ts'
import { account, ociIndexType } from '../../support/registry.ts'
import { openPublic, type Input, type PublicRegistry, type Refusal } from '../public/calls.ts'

interface Closes {
  readonly after: (close: () => Promise<void>) => void
}

export interface Gallery extends PublicRegistry {
  /** What somebody who has no account is answered. */
  readonly ask: (operation: Operation, input: Input) => Promise<Input>
  readonly refusedToAll: (operation: Operation, input: Input, expected: Refusal) => Promise<void>
  /** A repository with an image. */
  readonly shown: (repositoryName: string, catalogData?: Input, accountId?: string) => Promise<void>
  /** `alias/name` of what a search finds, in its order. The total is compared with them when they are all. */
  readonly found: (input: Input) => Promise<readonly string[]>
  readonly primaryAlias: (accountId?: string) => Promise<string>
}

export async function openGallery(t: Closes): Promise<Gallery> {
  const opened = await openPublic(t)
  const { registry, call, ctx } = opened
  const nobody = (): Context => ({ ...ctx(), caller: anonymous, region: '' })
  const ask: Gallery['ask'] = (operation, input) => call(operation, input, nobody())
  return {
    ...opened,
    ask,
    refusedToAll: (operation, input, expected) => opened.refused(operation, input, expected, nobody()),
    shown: async (repositoryName, catalogData, accountId = account) => {
      await call(createRepository, { repositoryName, ...(catalogData && { catalogData }) }, ctx(accountId))
      await call(putImage, { repositoryName, ...emptyIndex, imageTag: 'latest' }, ctx(accountId))
    },
    found: async (input) => {
      const answer = await ask(searchRepositoryCatalogData, input)
      const results = resultsOf(answer)
      if (answer['nextToken'] === undefined && input['nextToken'] === undefined) {
        assert.equal(answer['totalResults'], results.length)
      }
      return results.map(
        (result) => `${String(result['primaryRegistryAliasName'])}/${String(result['repositoryName'])}`,
      )
    },
    primaryAlias: async (accountId = account) => {
      const aliases = await registry.services.metadata.read.registries.aliases(accountId)
      return aliases.find(({ primary }) => primary)?.name ?? assert.fail(`${accountId} has no primary alias`)
    },
  }
}

export function resultsOf(answer: Input): readonly Input[] {
  const results = answer['repositoryCatalogSearchResultList']
  assert.ok(Array.isArray(results))
  return results as readonly Input[] // the JSON of a list of structs
}

/** The smallest image: an index of nothing. */
export const emptyIndex = {
  imageManifest: JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [] }),
  imageManifestMediaType: ociIndexType,
}

export function registryNotFound(alias: string): Refusal {
  return { name: 'RegistryNotFoundException', message: `The registry with id '${alias}' does not exist` }
}
