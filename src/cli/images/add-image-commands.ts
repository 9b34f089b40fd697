// The commands about images, which need no server of ours: push, pull, copy, ls, tags, inspect, rm, login, logout. Each is loaded when it is called
// for. docs/cli.md is their guide.

import { type Command, Option } from 'commander'

import { CommandError } from '../command-error.ts'
import { load, withSettings, type Flags } from '../with-settings.ts'
import type { ConnectionFlags } from './access.ts'
import type { TransferVerb } from './transfer-image.ts'

/** Options as commander gives them; those that may be given several times are lists. */
type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** `done` is told the exit code of a command that has one of its own. */
export function addImageCommands(program: Command, done: (code: number) => void): void {
  addTransfer(program, 'push', 'Push an image from a layout, an archive or a registry into a registry')
  addTransfer(program, 'pull', 'Pull an image from a registry into a layout or an archive')
  addTransfer(program, 'copy', 'Copy an image from any place to any other')

  connected(program.command('ls').description('List the repositories of a registry').argument('[REGISTRY]'))
    .option('--json', 'As JSON')
    .action(async (registry: string | undefined, options: Options) => {
      const { listRepositories } = await import('./list-repositories.ts')
      await listRepositories(registry, connectionOf(options), options['json'] === true)
    })

  connected(program.command('tags').description('List the tags of a repository').argument('<REPOSITORY>', ownRegistry))
    .option('--untagged', 'Images without a tag, too')
    .option('--json', 'As JSON')
    .action(async (repository: string, options: Options) => {
      const { listTags } = await import('./list-tags.ts')
      const { untagged, json } = options
      await listTags(repository, connectionOf(options), { untagged: untagged === true, asJson: json === true })
    })

  connected(
    program
      .command('inspect')
      .description('Show the manifest, platforms, layers, sizes and referrers of an image')
      .argument('<IMAGE>', ownRegistry),
  )
    .option('--platform <PLATFORM>', 'One image of an index, such as linux/arm64')
    .addOption(new Option('--raw', 'The manifest, byte for byte').conflicts('json'))
    .option('--json', 'As JSON')
    .action(async (image: string, options: Options) => {
      const { inspectImage } = await import('./inspect-image.ts')
      const { raw, json } = options
      const its = { platform: text(options['platform']), raw: raw === true, asJson: json === true }
      await inspectImage(image, connectionOf(options), its)
    })

  connected(
    program.command('rm').description('Remove tags, or whole images by digest').argument('<IMAGE...>', ownRegistry),
  )
    .option('-n, --dry-run', 'Only say what would be removed')
    .option('-f, --force', 'What is not there is no failure')
    .option('--json', 'As JSON')
    .action(async (images: readonly string[], options: Options) => {
      const { removeImages } = await import('./remove-images.ts')
      const { dryRun, force, json } = options
      const its = { dryRun: dryRun === true, force: force === true, asJson: json === true }
      done(await removeImages(images, connectionOf(options), its))
    })

  addLogins(program, done)
}

const ownRegistry = 'HOST/NAME..., or NAME... in the registry that "stowage ls" lists'

function addTransfer(program: Command, verb: TransferVerb, description: string): void {
  const command = connected(program.command(verb).description(description).argument('<SOURCE>').argument('<TARGET>'))
    .option('--platform <PLATFORM>', 'One image of an index, such as linux/arm64; all of them without it')
    .option('--referrers', 'Take along what refers to the image: signatures, SBOMs')
    .option('--tag <TAG>', 'One more tag for the image; may be repeated', collect)
    .option('--parallel <NUMBER>', 'Blobs on their way at once (default: 4)')
    .option('-n, --dry-run', 'Only say what would go, and what is there already')
    .option('--progress <MODE>', 'auto (bars on a terminal, else nothing), plain, json or none', 'auto')
    .option('--json', 'The result as JSON')
  if (verb !== 'push') command.option('-f, --force', 'Replace an archive that exists')
  if (verb === 'copy')
    for (const side of ['source', 'target'])
      command
        .option(`--${side}-endpoint <URL>`, `--endpoint for the ${side} alone; aws for Amazon's own`)
        .option(`--${side}-profile <NAME>`, `--profile for the ${side} alone`)
  command.action(async (source: string, target: string, options: Options) => {
    const [{ transferImage }, { parseProgressMode }] = await Promise.all([
      import('./transfer-image.ts'),
      import('./transfer-progress.ts'),
    ])
    const { referrers, dryRun, force, json } = options
    const connection = connectionOf(options)
    const of = (side: 'source' | 'target') => ({
      ...connection,
      endpoint: text(options[`${side}Endpoint`]) ?? connection.endpoint,
      profile: text(options[`${side}Profile`]) ?? connection.profile,
    })
    await transferImage({
      verb,
      source,
      target,
      from: of('source'),
      to: of('target'),
      platform: text(options['platform']),
      referrers: referrers === true,
      tags: list(options['tag']),
      parallel: parallelOf(text(options['parallel'])),
      dryRun: dryRun === true,
      force: force === true,
      progress: parseProgressMode(text(options['progress']) ?? ''),
      asJson: json === true,
    })
  })
}

function addLogins(program: Command, done: (code: number) => void): void {
  connected(
    withSettings(
      program
        .command('login')
        .description(
          'Log docker in to a registry of ECR, or without REGISTRY to the server that runs on the data directory',
        )
        .argument('[REGISTRY]'),
      ['data'],
    ),
  )
    .option('--print-password', 'Print the password instead; the user is AWS')
    .option(
      '--credential-helper',
      'Let docker ask docker-credential-stowage from now on, instead of keeping a password',
    )
    .option('-n, --dry-run', 'Only say what would be done')
    .action(async (registry: string | undefined, options: Flags) => {
      const { checkLogInOptions, logInAt, logInHere } = await import('./log-in.ts')
      const { printPassword, credentialHelper, dryRun, endpoint, region, profile, plainHttp, ...flags } = options
      const its = {
        printPassword: printPassword === true,
        credentialHelper: credentialHelper === true,
        dryRun: dryRun === true,
      }
      checkLogInOptions(its)
      const connection = connectionOf({ endpoint, region, profile, plainHttp })
      if (registry !== undefined) return done(await logInAt(registry, connection, its))
      const needless = Object.entries(connection).find(([, value]) => value !== undefined)
      if (needless)
        throw new CommandError('say which REGISTRY is meant: without one it is the server that runs here', 2)
      return done(await logInHere(load(flags).config.data, its))
    })

  withSettings(
    program
      .command('logout')
      .description(
        'Make docker forget the logins of registries, and no longer ask docker-credential-stowage about them',
      )
      .argument('[REGISTRY...]'),
    ['data'],
  )
    .option('-n, --dry-run', 'Only say what would be done')
    .action(async (registries: readonly string[], { dryRun, ...flags }: Flags) => {
      const [{ logOut }, { getServer }] = await Promise.all([import('./log-out.ts'), import('../get-server.ts')])
      const here = () => {
        const { registryHost, publicHost } = getServer(load(flags).config.data)
        return [registryHost, publicHost]
      }
      done(await logOut(registries.length > 0 ? registries : here(), dryRun === true))
    })

  program
    .command('credential-helper', { hidden: true })
    .description('What docker-credential-stowage runs')
    .argument('[VERB]')
    .action(async (verb: string | undefined) => {
      const { credentialHelper } = await import('./credential-helper.ts')
      done(await credentialHelper(verb))
    })
}

/** What leads to a registry. */
function connected(command: Command): Command {
  return command
    .option(
      '--endpoint <URL>',
      "Where the API is, instead of Amazon's (or set STOWAGE_ENDPOINT or AWS_ENDPOINT_URL_ECR)",
    )
    .option('--region <REGION>', 'Region to sign for, where the address names none')
    .option('--profile <NAME>', "Profile of AWS's configuration files")
    .option('--plain-http', 'Speak to /v2/ of registries without TLS; on loopback that is so anyway')
}

function connectionOf({ endpoint, region, profile, plainHttp }: Options): ConnectionFlags {
  return {
    endpoint: text(endpoint),
    region: text(region),
    profile: text(profile),
    plainHttp: plainHttp === true ? true : undefined,
  }
}

const text = (value: Options[string]) => (typeof value === 'string' ? value : undefined)
const list = (value: Options[string]): readonly string[] => (typeof value === 'object' ? value : [])
const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const parallelMax = 64

function parallelOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = /^\d{1,3}$/.test(value) ? Number(value) : 0
  if (number >= 1 && number <= parallelMax) return number
  throw new CommandError(`--parallel must be a whole number from 1 to ${parallelMax}, not "${value}"`, 2)
}
