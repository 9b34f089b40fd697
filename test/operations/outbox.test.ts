// Events of changes and crashes: what was changed is told, if not by the server that did it then by the next one.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { createOutbox, deliverLeftEvents } from '../../src/domain/outbox.ts'
import type { AuditEvent } from '../../src/domain/ports/audit.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { deleteRepository } from '../../src/operations/private/delete-repository.ts'
import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { openTestRegistry, givenImage, type TestRegistry } from '../support/registry.ts'
import { openRegistry } from './calls.ts'

const stored = ({ services }: TestRegistry) => services.metadata.read.outbox.page('audit', undefined, 1_000)
const storedEvents = async (registry: TestRegistry) =>
  (await stored(registry)).map(({ body }) => JSON.parse(body) as AuditEvent) // written by the code under test

test('the event of a change is stored with it, under the id that the log has, and removed when the log has it', async (t) => {
  const registry = await openRegistry(t)
  await registry.perform(createRepository, { repositoryName: 'app' })
  const [audited] = registry.audited
  const [event, ...others] = await storedEvents(registry)
  assert.deepEqual(others, [])
  // What came of it is not known before it has ended.
  assert.deepEqual(event, JSON.parse(JSON.stringify({ ...audited, responseElements: null })))
  assert.notEqual(audited?.responseElements, null)
  await registry.services.outbox.clear(registry.services)
  assert.deepEqual(await stored(registry), [])
})

test('each operation of a push stores one event, and reads store none', async (t) => {
  const registry = await openRegistry(t)
  await registry.perform(createRepository, { repositoryName: 'app' })
  await registry.services.outbox.clear(registry.services)
  const before = registry.audited.length
  await givenImage(registry, 'app', 'v1')
  await registry.perform(describeRepositories, {})
  await registry.perform(listImages, { repositoryName: 'app' })
  const changes = registry.audited.slice(before).filter(({ readOnly }) => !readOnly)
  assert.deepEqual(
    (await storedEvents(registry)).map(({ eventID }) => eventID).toSorted(),
    changes.map(({ eventID }) => eventID).toSorted(),
  )
  assert.equal(changes.length, 7)
})

test('what is refused, and what failed before it changed anything, stores none', async (t) => {
  const registry = await openRegistry(t)
  await registry.perform(createRepository, { repositoryName: 'app' })
  await registry.services.outbox.clear(registry.services)
  await assert.rejects(registry.perform(createRepository, { repositoryName: 'app' }), {
    name: 'RepositoryAlreadyExistsException',
  })
  await assert.rejects(registry.perform(createRepository, { repositoryName: 'App' }), {
    name: 'InvalidParameterException',
  })
  assert.equal(registry.audited.length, 3)
  assert.deepEqual(await stored(registry), [])
})

test('with --audit-log off nothing is stored', async (t) => {
  const registry = await openRegistry(t, { auditLevel: 'off' })
  await registry.perform(createRepository, { repositoryName: 'app' })
  assert.deepEqual(await stored(registry), [])
})

test('while too many wait to be removed further events are told without being stored', async (t) => {
  const registry = await openRegistry(t)
  for (let index = 0; registry.services.outbox.hasRoom(); index++) registry.services.outbox.delivered(`event ${index}`)
  await registry.perform(createRepository, { repositoryName: 'app' })
  assert.equal(registry.audited.length, 1)
  assert.deepEqual(await stored(registry), [])
  await registry.services.outbox.clear(registry.services)
  await registry.perform(createRepository, { repositoryName: 'again' })
  assert.equal((await stored(registry)).length, 1)
})

test('a log that can not be written keeps its events in the outbox', async (t) => {
  const registry = await openRegistry(t)
  const { services } = registry
  await registry.perform(createRepository, { repositoryName: 'app' })
  await services.outbox.clear({ ...services, audit: { ...services.audit, flush: async () => false } })
  assert.equal((await stored(registry)).length, 1)
  await services.outbox.some()
  await services.outbox.clear(services)
  assert.deepEqual(await stored(registry), [])

  // One that the log did not take is left for the next start.
  const full = { ...services, audit: { ...services.audit, record: () => false } }
  await registry.perform(deleteRepository, { repositoryName: 'app' }, { ...registry.ctx(), ...full })
  await services.outbox.clear(services)
  assert.equal((await stored(registry)).length, 1)
})

test('a server that ends before it tells leaves that to the next one, once', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-outbox-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const first = await openTestRegistry({ directory })
  await first.perform(createRepository, { repositoryName: 'app' })
  const [event] = await storedEvents(first)
  await first.close()

  const second = await openTestRegistry({ directory })
  t.after(() => second.close())
  const { services } = second
  // The log may not take it, or not bring it to the disk: then it stays.
  assert.equal(await deliverLeftEvents({ ...services, audit: { ...services.audit, record: () => false } }), 0)
  assert.equal(await deliverLeftEvents({ ...services, audit: { ...services.audit, flush: async () => false } }), 0)
  assert.equal((await stored(second)).length, 1)
  assert.equal(await deliverLeftEvents(services), 1)
  assert.deepEqual(second.audited.at(-1), { ...event, additionalEventData: { deliveredAfterRestart: true } })
  assert.equal(await deliverLeftEvents(services), 0)
})

test('of a process that is gone, its own events are told, and not those of others that are at work', async (t) => {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  const { services } = registry
  const idOf = (mark: string) => createOutbox(mark).newId(services.clock, services.ids)
  const put = (id: string, eventID: string) =>
    services.metadata.write((tx) => tx.outbox.put({ id, topic: 'audit', body: JSON.stringify({ eventID }) }))
  for (let count = 0; count < 600; count++) await put(idOf('.w2'), 'at work')
  await put(idOf('.w1'), 'gone')
  await put(idOf('.w11'), 'at work')
  assert.equal(await deliverLeftEvents(services, '.w1'), 1)
  assert.deepEqual(
    registry.audited.map(({ eventID }) => eventID),
    ['gone'],
  )
  assert.equal((await stored(registry)).length, 601)
})

test('an event that can not be read is told to the operator, and keeps nobody from starting', async (t) => {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  const { services } = registry
  await services.metadata.write((tx) => tx.outbox.put({ id: 'torn', topic: 'audit', body: '{"eventID":' }))
  assert.equal(await deliverLeftEvents(services), 1)
  assert.deepEqual(registry.backgroundErrors, ['the event torn: Error: it can not be read, and nobody is told of it'])
  assert.deepEqual(registry.audited, [])
  assert.deepEqual(await stored(registry), [])
})
