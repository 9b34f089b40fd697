// What the clients do: they push, re-tag and delete at random, by a seed, through whatever happens to the server.

import { type ClientOptions, createClient, type Totals } from './client.ts'
import { type Image, type LayerSource, makeImage, makeIndex } from './images.ts'
import type { Random } from './random.ts'

/** Probabilities. Of the choices what is left of 1 is the plain push of a new image under a new tag. */
export interface Mix {
  readonly retag: number
  readonly multiArch: number
  /** Images with a `subject`. */
  readonly artifact: number
  readonly remove: number
  /** Of the pushes: those that go through the API, in parts. */
  readonly api: number
}

export const usualMix: Mix = { retag: 0.2, multiArch: 0.1, artifact: 0.05, remove: 0, api: 0.1 }

interface Pushed {
  readonly repository: string
  readonly image: Image
  readonly tag: string
}

/** What was pushed, to be tagged again, referred to and deleted; pushers that share it meddle with each other's images. */
export interface Memory {
  readonly pushed: Pushed[]
}

export interface Pushing extends ClientOptions {
  readonly layers: LayerSource
  readonly mix: Mix
}

const rememberedMax = 60
/** Tags that all pushers of a repository move. */
const sharedTags = 5

/** Pushes until `signal`. Never throws for what a server does. */
export async function runPusher(
  name: string,
  pushing: Pushing,
  { random, totals, memory }: { readonly random: Random; readonly totals: Totals; readonly memory: Memory },
): Promise<void> {
  const { signal, turn, mix, layers } = pushing
  const client = createClient(name, pushing, random, totals)

  function remember(pushed: Pushed): void {
    if (memory.pushed.length < rememberedMax) memory.pushed.push(pushed)
    else memory.pushed[random.below(rememberedMax)] = pushed
  }

  for (let count = 0; !signal.aborted; count++) {
    await turn()
    const old = random.pick(memory.pushed)
    const choice = choose(mix, random, old !== undefined)
    if (choice === 'remove') {
      if (old && (await client.remove(old.repository, old.image.digest))) forget(memory, old)
      // A deleter that has nothing to delete waits for the others; without a pause it would keep them from running.
      else await new Promise((resolve) => setTimeout(resolve, 5))
      continue
    }
    const next = (suffix = ''): Image => makeImage(`${name}/${count}${suffix}`, layers, random)
    const images = random.chance(0.5) ? ['', 'b'] : ['', 'b', 'c']
    const image = {
      plain: next,
      // Half of them move a tag to a new image; the others give an image another name.
      retag: () => (random.chance(0.5) ? next() : (old?.image ?? next())),
      multiArch: () => makeIndex(images.map(next)),
      artifact: () => makeImage(`${name}/${count}`, layers, random, old?.image),
    }[choice]()
    const movesTag = choice === 'retag' && old !== undefined && image !== old.image
    const push = {
      repository:
        (choice === 'plain' || choice === 'multiArch' ? undefined : old?.repository) ??
        random.pick(pushing.repositories) ??
        '',
      tag: movesTag ? old.tag : random.chance(0.2) ? `shared-${random.below(sharedTags)}` : `${name}-${count}`,
      byApi: random.chance(mix.api),
    }
    if (await client.push(image, push)) remember({ image, repository: push.repository, tag: push.tag })
  }
}

type Choice = 'plain' | Exclude<keyof Mix, 'api'>

function choose(mix: Mix, random: Random, hasOld: boolean): Choice {
  let rest = random.next()
  for (const choice of ['remove', 'retag', 'multiArch', 'artifact'] as const) {
    rest -= mix[choice]
    if (rest < 0) return hasOld || choice === 'remove' || choice === 'multiArch' ? choice : 'plain'
  }
  return 'plain'
}

function forget(memory: Memory, pushed: Pushed): void {
  const at = memory.pushed.indexOf(pushed)
  if (at >= 0) memory.pushed.splice(at, 1)
}
