// A given number of images, pushed by several clients at once: for tests that count what is there afterwards.

import type { Client } from './client.ts'
import type { FaultContext } from './fault-test.ts'
import { type Image, type LayerSource, makeImage } from './images.ts'
import type { Session } from './session.ts'
import { inParallel } from './turns.ts'

export interface PushedImage {
  readonly repository: string
  readonly tag: string
  readonly image: Image
}

interface PushAll {
  readonly count: number
  readonly layers: LayerSource
  /** In the names of the images; a second call with another one pushes others. */
  readonly name?: string
}

const clientCount = 8
const repositories = ['faults/one', 'faults/two', 'faults/three']

/** Those that were acknowledged. One that was not is a problem of the session: nothing was to keep it from being. */
export async function pushAll(
  { random }: Pick<FaultContext, 'random'>,
  session: Session,
  { count, layers, name = 'image' }: PushAll,
): Promise<readonly PushedImage[]> {
  const clients = clientsOf(session, name)
  const draw = random.fork(`push-all/${name}`)
  const wanted = Array.from({ length: count }, (_, number) => ({
    repository: draw.pick(repositories) ?? '',
    tag: `${name}-${number}`,
    image: makeImage(`${name}/${number}`, layers, draw),
  }))
  return onlyDone(session, wanted, clients, ({ image, repository, tag }, client) =>
    client.push(image, { repository, tag, byApi: false }),
  )
}

/** Pushes the same ones again. */
export async function pushAgain(session: Session, images: readonly PushedImage[]): Promise<void> {
  await onlyDone(session, images, clientsOf(session, 'again'), ({ image, repository, tag }, client) =>
    client.push(image, { repository, tag, byApi: false }),
  )
}

export async function removeAll(session: Session, images: readonly PushedImage[]): Promise<void> {
  await onlyDone(session, images, clientsOf(session, 'remover'), ({ image, repository }, client) =>
    client.remove(repository, image.digest),
  )
}

function clientsOf(session: Session, name: string): readonly Client[] {
  return Array.from({ length: clientCount }, (_, index) => session.client(`${name}-${index}`))
}

async function onlyDone(
  { problems }: Session,
  images: readonly PushedImage[],
  clients: readonly Client[],
  work: (pushed: PushedImage, client: Client) => Promise<boolean>,
): Promise<readonly PushedImage[]> {
  const done: PushedImage[] = []
  await inParallel(clients, images, async (client, pushed) => {
    if (await work(pushed, client)) done.push(pushed)
    else problems.push({ rule: 'refusal', text: `${pushed.repository}:${pushed.tag} was not acknowledged` })
  })
  return done
}
