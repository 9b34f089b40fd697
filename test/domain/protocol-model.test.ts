// The storage protocol explored whole: every order in which two clients, deletions, the collector, the trash, sweeps, recovery, a reader,
// a backup, the clock, kills and power cuts can meet at one layer. What is modelled is written in protocol-model/, each step named after
// the function it stands for: who changes the order of awaits there changes it here. Each rule of rules.ts is needed: without it a
// promise breaks, and the shortest way to it has the length that stands below.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explore, type Scenario } from './protocol-model/explore.ts'
import { asBuilt, without, type Rules } from './protocol-model/rules.ts'

const uploads = { who: 0, repository: 0, kind: 'uploads' } as const

const scenarios = {
  'two clients upload the same layer': {
    clients: [uploads, { who: 1, repository: 0, kind: 'uploads' }],
    budget: { uploads: 2, crashes: 1, deletions: 1 },
  },
  'one uploads, one mounts, the repository goes': {
    clients: [uploads, { who: 1, repository: 1, kind: 'mounts' }],
    budget: { uploads: 2, repositoryDeletions: 1 },
  },
  'an upload is completed twice': {
    clients: [uploads, { who: 1, repository: 0, kind: 'completes again' }],
    budget: { uploads: 1, crashes: 1, deletions: 1 },
  },
  'a recovery runs beside it': {
    clients: [uploads],
    recovery: true,
    budget: { uploads: 2, crashes: 1, deletions: 1 },
  },
  'the layer is read, and its file spoiled': {
    clients: [uploads],
    reader: true,
    budget: { uploads: 2, crashes: 1, deletions: 1, damages: 1 },
  },
  'a backup runs beside it': {
    clients: [uploads],
    budget: { uploads: 2, crashes: 1, deletions: 1, backups: 1 },
  },
} satisfies Readonly<Record<string, Scenario>>

type Name = keyof typeof scenarios

describe('the protocol as built keeps every promise when', () => {
  // How many states there are shows that the exploration went somewhere; it changes with every change of the model.
  const sizes: Readonly<Record<Name, number>> = {
    'two clients upload the same layer': 72_621,
    'one uploads, one mounts, the repository goes': 58_146,
    'an upload is completed twice': 2820,
    'a recovery runs beside it': 15_145,
    'the layer is read, and its file spoiled': 22_149,
    'a backup runs beside it': 21_949,
  }
  for (const name of Object.keys(scenarios) as Name[]) {
    test(name, () => {
      assert.deepEqual(explore(scenarios[name], asBuilt), { states: sizes[name], violation: undefined })
    })
  }
})

/** Which rules are broken, where it shows, after how many steps, and which promise breaks. */
type Mutant = readonly [what: string, rules: readonly (keyof Rules)[], where: Name, steps: number, promise: string]

const inTrash = 'the file of a layer is in the trash'
const bytesGone = 'an image names a layer whose bytes are gone'
const notAMember = 'an image names a layer that its repository does not have'
const notOpened = 'a layer just looked up can not be opened'
const backupLacks = 'a backup lacks a layer that its rows name'

const two = 'two clients upload the same layer'
const mount = 'one uploads, one mounts, the repository goes'
const again = 'an upload is completed twice'
const recovery = 'a recovery runs beside it'
const reader = 'the layer is read, and its file spoiled'
const backup = 'a backup runs beside it'

const mutants: readonly Mutant[] = [
  ['names are made of the digest', ['randomNames'], two, 11, inTrash],
  ['the row comes before the file', ['fileBeforeRow'], two, 8, bytesGone],
  ['the bytes are not synced', ['syncBytes'], two, 10, bytesGone],
  ['the directory is not synced', ['syncDirectory'], two, 9, bytesGone],
  ['commits are answered before they are on disk', ['syncCommits'], two, 10, 'an acknowledged image is gone'],
  ['there are no foreign keys', ['foreignKeys'], mount, 12, 'a layer belongs to a repository that is not there'],
  ['a commit does not ask for its upload', ['commitAsksForUpload'], two, 9, inTrash],
  ['a commit leaves the row of its upload', ['commitEndsUpload'], two, 9, inTrash],
  ['the file of an upload that is gone is dropped unasked', ['goneAsksForOwner'], again, 11, inTrash],
  ['a commit keeps a bad file', ['commitReplacesBad'], reader, 21, 'a layer just uploaded is absent'],
  ['a commit replaces a good file', ['commitKeepsGood'], reader, 25, notOpened],
  ['putImage does not ask for layers', ['putImageAsksForLayers', 'foreignKeys'], two, 12, notAMember],
  ['leases are ended as they were chosen', ['endLeasesAsksAgain', 'foreignKeys'], two, 12, notAMember],
  [
    'blobs are removed as they were chosen',
    ['removeBlobsAsksAgain', 'foreignKeys'],
    two,
    20,
    'a repository has a layer that is not there',
  ],
  ['a collected file is unlinked at once', ['trashWaits'], reader, 18, notOpened],
  ['the collector unlinks before it removes the row', ['rowBeforeUnlink'], two, 21, bytesGone],
  ['a membership ends unnoted', ['releasesAreNoted'], two, 11, 'a layer that nobody has is never collected'],
  ['recovery reads owners before it lists files', ['filesBeforeOwners'], recovery, 10, inTrash],
  ['recovery does not know uploads', ['uploadsAreOwners'], recovery, 11, inTrash],
  ['the trash is emptied in spite of holds', ['holdsCount'], backup, 19, backupLacks],
  ['holds are asked for before the trash is read', ['holdsAfterItems'], backup, 20, backupLacks],
  ['a backup copies the rows before it holds', ['holdBeforeCopy'], backup, 20, backupLacks],
  ['a layer is called bad by its digest', ['markBadByName'], reader, 26, 'a good layer is called bad'],
]

describe('a promise breaks when', () => {
  for (const [what, rules, where, steps, promise] of mutants) {
    test(what, () => {
      const { violation } = explore(scenarios[where], without(...rules))
      assert.deepEqual(
        [violation?.promise, violation?.path.length],
        [promise, steps],
        violation?.path.join('\n') ?? 'no promise breaks',
      )
    })
  }

  test('any rule goes: none is there in vain', () => {
    assert.deepEqual(new Set(mutants.flatMap(([, rules]) => rules)), new Set(Object.keys(asBuilt)))
  })
})

describe('the foreign keys alone keep every promise when', () => {
  for (const rule of ['putImageAsksForLayers', 'endLeasesAsksAgain', 'removeBlobsAsksAgain'] as const) {
    test(`${rule} is broken`, () => {
      assert.equal(explore(scenarios[recovery], without(rule)).violation, undefined)
    })
  }
})

test('the shortest way to lose a layer that is not synced', () => {
  assert.deepEqual(explore(scenarios[recovery], without('syncBytes')).violation?.path, [
    'A findLayer',
    'A beginUpload',
    'A append',
    'A requireOpen',
    'A publish',
    'A rename',
    'A syncDirectory',
    'A completeUpload',
    'A putImage',
    'power cut',
  ])
})
