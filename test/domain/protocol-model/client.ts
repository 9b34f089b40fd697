// A client that pushes the layer and then an image that names it: what `docker push` makes the server do, one await at a time.
// Two roles differ at the beginning: one mounts the layer from the other repository, one completes the other client's upload a second time.

import type { Rules } from './rules.ts'
import {
  blobFileOf,
  hasLayer,
  withAt,
  type BlobFile,
  type Client,
  type Doing,
  type Place,
  type Rows,
  type State,
  type Step,
} from './state.ts'
import { commitLayer, dropUnowned, putImage, write } from './transactions.ts'

export interface Role {
  readonly who: Place
  readonly repository: Place
  readonly kind: 'uploads' | 'mounts' | 'completes again'
}

/** What the client may do now: at most one thing, it waits for each answer. */
export function clientSteps(state: State, rules: Rules, role: Role): readonly Step[] {
  const { doing } = state.clients[role.who]
  const next = moves[doing](state, rules, role)
  return next === undefined ? [] : [{ name: `${role.who === 0 ? 'A' : 'B'} ${doing}`, next }]
}

type Move = (state: State, rules: Rules, role: Role) => State | undefined

const moves: Readonly<Record<Doing, Move>> = {
  // `findLayer`, or `getUpload` for one that completes again: reads only.
  findLayer: (state, _rules, role) => {
    const { rows } = state
    if (role.kind === 'completes again') {
      const upload = rows.uploads.find((row) => row.repository === role.repository)
      return upload && goesTo(state, role, 'publish', { id: upload.id, phys: upload.phys })
    }
    if (rows.repositories[role.repository] !== 'there') return goesTo(state, role, 'nothing')
    if (hasLayer(rows, role.repository))
      return goesTo(state, role, rows.images[role.repository] ? 'putImage' : 'renewLeases')
    return goesTo(state, role, role.kind === 'mounts' ? 'mountLayer' : 'beginUpload')
  },

  // `renewLeases`: a transaction of its own after the read; the layer may be gone by now, and its answer stays the same.
  renewLeases: (state, rules, role) => {
    const leased = write(state, rules, (rows) => lease(rows, role.repository))
    return leased && goesTo(leased, role, 'putImage')
  },

  // `mountLayer`
  mountLayer: (state, rules, role) => {
    const source = role.repository === 0 ? 1 : 0
    if (!hasLayer(state.rows, source)) return goesTo(state, role, 'beginUpload')
    const mounted = write(state, rules, (rows) => ({
      ...rows,
      members: withAt(rows.members, role.repository, 'leased'),
    }))
    // The repository has gone since the request began: the foreign key says so. One that is only hidden takes the layer with it.
    return mounted ? goesTo(mounted, role, 'putImage') : goesTo(state, role, 'nothing')
  },

  // `beginUpload`
  beginUpload: (state, rules, role) => {
    if (state.rows.repositories[role.repository] !== 'there') return goesTo(state, role, 'nothing')
    if (state.left.uploads === 0) return undefined
    const id = state.left.uploads
    const phys = rules.randomNames ? id : 0
    const begun = write(state, rules, (rows) => ({
      ...rows,
      uploads: [...rows.uploads, { id, phys, repository: role.repository }],
    }))
    return begun && goesTo({ ...begun, left: { ...begun.left, uploads: id - 1 } }, role, 'append', { id, phys })
  },

  // `blobs.append`: the bytes come, whatever became of the row meanwhile.
  append: (state, _rules, role) => {
    if (isPublishedByOther(state, role)) return undefined
    const { id } = uploadOf(state, role)
    const uploadFiles = [...state.uploadFiles.filter((file) => file.id !== id), { id, synced: false }]
    return goesTo({ ...state, uploadFiles: uploadFiles.toSorted((a, b) => a.id - b.id) }, role, 'requireOpen')
  },

  // `requireOpen`
  requireOpen: (state, _rules, role) => {
    const { id } = uploadOf(state, role)
    if (state.rows.uploads.some((row) => row.id === id)) return goesTo(state, role, 'publish')
    return startAgain({ ...state, uploadFiles: state.uploadFiles.filter((file) => file.id !== id) }, role)
  },

  // `blobs.publish` up to its fsync; or all of `publishedBefore`.
  publish: (state, rules, role) => {
    if (isPublishedByOther(state, role)) return undefined
    const { id, phys } = uploadOf(state, role)
    if (!rules.fileBeforeRow && state.rows.uploads.some((row) => row.id === id))
      return commit(state, rules, role, 'publish')
    if (rules.randomNames && blobFileOf(state, phys)) {
      const uploadFiles = state.uploadFiles.filter((file) => file.id !== id)
      return goesTo(changeBlobFile({ ...state, uploadFiles }, phys, { named: true }), role, 'completeUpload')
    }
    if (!state.uploadFiles.some((file) => file.id === id)) return withoutBytes(state, role)
    const uploadFiles = state.uploadFiles.map((file) => (file.id === id ? { id, synced: rules.syncBytes } : file))
    return goesTo({ ...state, uploadFiles }, role, 'rename')
  },

  // `blobs.publish`: the rename
  rename: (state, rules, role) => {
    const { id, phys } = uploadOf(state, role)
    const file = state.uploadFiles.find((each) => each.id === id)
    // `discardUpload` came between: nothing is there to rename.
    if (file === undefined) return withoutBytes(state, role)
    const uploadFiles = state.uploadFiles.filter((each) => each.id !== id)
    const others = state.blobFiles.filter((each) => each.phys !== phys)
    const renamed: BlobFile = { phys, bytes: 'good', synced: file.synced, named: false }
    const blobFiles = [...others, renamed].toSorted((a, b) => a.phys - b.phys)
    return goesTo({ ...state, uploadFiles, blobFiles }, role, rules.syncDirectory ? 'syncDirectory' : 'completeUpload')
  },

  // `makeNameDurable`
  syncDirectory: (state, rules, role) => {
    const named = changeBlobFile(state, uploadOf(state, role).phys, { named: true })
    return goesTo(named, role, rules.fileBeforeRow ? 'completeUpload' : 'putImage')
  },

  // The transaction of `completeUpload`
  completeUpload: (state, rules, role) => {
    const { id, phys } = uploadOf(state, role)
    if (rules.commitAsksForUpload && !state.rows.uploads.some((row) => row.id === id)) {
      const dropped = write(state, rules, (rows) => dropUnowned(rows, rules, phys))
      return dropped && startAgain(dropped, role)
    }
    return commit(state, rules, role, 'putImage')
  },

  // `putImage`
  putImage: (state, rules, role) => {
    const { rows, acknowledged } = state
    if (rows.repositories[role.repository] !== 'there') return goesTo(state, role, 'nothing')
    const images = putImage(rows, rules, role.repository)
    if (images === undefined) return startAgain(state, role)
    const put = write(state, rules, () => images)
    return put && goesTo({ ...put, acknowledged: withAt(acknowledged, role.repository, true) }, role, 'nothing')
  },

  nothing: () => undefined,
}

/** `layers.commit`, and what its answer promises. */
function commit(state: State, rules: Rules, role: Role, then: Doing): State | undefined {
  const committed = write(state, rules, (rows) => commitLayer(rows, rules, uploadOf(state, role), role.repository))
  if (committed === undefined) return undefined
  const broken = hasLayer(committed.rows, role.repository) ? undefined : 'a layer just uploaded is absent'
  return goesTo({ ...committed, broken }, role, then, state.clients[role.who].upload)
}

/** Only one request works on an upload at a time (`alone`). */
function isPublishedByOther(state: State, role: Role): boolean {
  const other = state.clients[role.who === 0 ? 1 : 0]
  const mine = uploadOf(state, role)
  return other.upload?.id === mine.id && (other.doing === 'rename' || other.doing === 'syncDirectory')
}

/** `publish` found nothing that has the digest: the upload goes on, or is no more. */
const withoutBytes = (state: State, role: Role): State =>
  state.rows.uploads.some((row) => row.id === uploadOf(state, role).id)
    ? goesTo(state, role, 'append')
    : startAgain(state, role)

const lease = (rows: Rows, repository: Place): Rows =>
  rows.members[repository] === 'none' ? rows : { ...rows, members: withAt(rows.members, repository, 'leased') }

/** What a client still knows after the server stopped: it asks for its upload, or begins anew. */
export function afterCrash(state: State, client: Client): Client {
  if (client.doing === 'nothing') return client
  const { upload } = client
  if (upload === undefined || !state.rows.uploads.some((row) => row.id === upload.id)) {
    return { doing: 'findLayer', upload: undefined }
  }
  const hasBytes =
    state.uploadFiles.some((file) => file.id === upload.id) || blobFileOf(state, upload.phys) !== undefined
  return { doing: hasBytes ? 'publish' : 'append', upload }
}

function uploadOf(state: State, role: Role): { readonly id: number; readonly phys: number } {
  const { upload } = state.clients[role.who]
  if (upload === undefined) throw new Error('a client without an upload')
  return upload
}

/** An upload is known from its beginning to its commit only. */
const knowsUpload: ReadonlySet<Doing> = new Set([
  'append',
  'requireOpen',
  'publish',
  'rename',
  'syncDirectory',
  'completeUpload',
])

function goesTo(state: State, { who }: Role, doing: Doing, upload = state.clients[who].upload): State {
  const client: Client = { doing, upload: knowsUpload.has(doing) ? upload : undefined }
  return { ...state, clients: withAt(state.clients, who, client) }
}

const startAgain = (state: State, role: Role): State => goesTo(state, role, 'findLayer')

const changeBlobFile = (state: State, phys: number, change: Partial<BlobFile>): State => ({
  ...state,
  blobFiles: state.blobFiles.map((file) => (file.phys === phys ? { ...file, ...change } : file)),
})
