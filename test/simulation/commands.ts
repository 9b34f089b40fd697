// What may happen in a simulation, as fast-check draws it.

import fc from 'fast-check'
import { collect, emptyTrash } from '../../src/domain/collector.ts'
import { recover, sweep } from '../../src/domain/recovery.ts'
import { images, repositories, tags } from './catalogue.ts'
import * as clients from './clients.ts'

/** `begins` starts a program and does not wait for it; `happens` is over at once. */
export type Command =
  | { readonly what: string; readonly begins: (all: clients.Clients) => Promise<unknown> }
  | { readonly what: string; readonly happens: (all: clients.Clients) => void }

export interface Turn {
  readonly command: Command
  /** How often somebody goes on before the next one. */
  readonly goOn: number
}

const begins = (what: string, program: (all: clients.Clients) => Promise<unknown>): Command => ({
  what,
  begins: program,
})
const happens = (what: string, event: (all: clients.Clients) => void): Command => ({ what, happens: event })

const repository = fc.constantFrom(...repositories)
const tag = fc.constantFrom(...tags)
const image = fc.nat({ max: images.length - 1 })
const imageAt = (at: number) => images[at] ?? images[0] ?? fail()

const pushes = fc
  .record({ repository, image, tag })
  .map((of) =>
    begins(`push image ${of.image} as ${of.repository}:${of.tag}`, (all) =>
      clients.push(all, of.repository, imageAt(of.image), of.tag),
    ),
  )

const mounts = fc.record({ repository, image, tag }).map((of) => {
  const from = of.repository === 'app' ? 'lib' : 'app'
  return begins(`mount image ${of.image} from ${from} as ${of.repository}:${of.tag}`, (all) =>
    clients.mount(all, from, of.repository, imageAt(of.image), of.tag),
  )
})

const pulls = fc
  .record({ repository, tag })
  .map((of) => begins(`pull ${of.repository}:${of.tag}`, (all) => clients.pull(all, of.repository, of.tag)))

const uploads = fc.oneof(
  fc.nat({ max: 5 }).map((number) => begins(`resume upload -${number}`, (all) => clients.resume(all, number))),
  fc
    .record({ repository, image })
    .map((of) =>
      begins(`complete an upload to ${of.repository} twice`, (all) =>
        clients.completeTwice(all, of.repository, imageAt(of.image).layers[1] ?? 'a layer of an index'),
      ),
    ),
  fc
    .record({ repository, cancels: fc.boolean() })
    .map((of) =>
      begins(`${of.cancels ? 'cancel' : 'abandon'} an upload to ${of.repository}`, (all) =>
        clients.abandon(all, of.repository, 'a layer that nobody finishes', of.cancels),
      ),
    ),
)

const deletions = fc.oneof(
  fc
    .record({ repository, tag })
    .map((of) => begins(`untag ${of.repository}:${of.tag}`, (all) => clients.untag(all, of.repository, of.tag))),
  fc
    .record({ repository, image })
    .map((of) =>
      begins(`delete image ${of.image} of ${of.repository}`, (all) =>
        clients.deleteByDigest(all, of.repository, imageAt(of.image)),
      ),
    ),
  repository.map((name) => begins(`restore in ${name}`, (all) => clients.restore(all, name))),
)

const repositoryCommands = fc.oneof(
  repository.map((name) => begins(`delete repository ${name}`, (all) => clients.remove(all, name))),
  repository.map((name) => begins(`create repository ${name}`, (all) => clients.create(all, name))),
)

const housekeeping = fc.constantFrom(
  begins('collect', ({ world }) => collect(world.ctx())),
  begins('empty the trash', ({ world }) => emptyTrash(world.ctx())),
  begins('sweep', ({ world }) => sweep(world.ctx())),
  begins('recover', ({ world }) => recover(world.ctx())),
)

const minuteMs = 60_000
const clock = fc
  .constantFrom(-60 * minuteMs, -minuteMs, minuteMs, 30 * minuteMs, 25 * 60 * minuteMs)
  .map((ms) => happens(`the clock moves by ${ms / minuteMs} minutes`, ({ world }) => world.moveClock(ms)))

const kill = fc.constant(
  happens('kill', ({ world, history }) => {
    world.kill()
    history.cut()
  }),
)

const powerCut = fc.nat().map((seed) =>
  happens(`power cut ${seed}`, ({ world, history }) => {
    world.cutPower(seed)
    history.cut()
  }),
)

const fail = (): never => {
  throw new Error('there is no such image')
}

const command = fc.oneof(
  { arbitrary: pushes, weight: 9 },
  { arbitrary: mounts, weight: 4 },
  { arbitrary: pulls, weight: 3 },
  { arbitrary: uploads, weight: 3 },
  { arbitrary: deletions, weight: 5 },
  { arbitrary: repositoryCommands, weight: 1 },
  { arbitrary: housekeeping, weight: 5 },
  { arbitrary: clock, weight: 2 },
  { arbitrary: kill, weight: 1 },
  { arbitrary: powerCut, weight: 2 },
)

/** At most `max` commands, printed as what happens in a failure. */
export const turns = (max: number): fc.Arbitrary<readonly Turn[]> =>
  fc.array(
    fc.record({ command, goOn: fc.oneof(fc.nat({ max: 12 }), fc.constant(60)) }).map((turn) => ({
      ...turn,
      [fc.toStringMethod]: () => `\n${turn.command.what}, then ${turn.goOn}`,
    })),
    { minLength: 1, maxLength: max, size: 'max' },
  )
