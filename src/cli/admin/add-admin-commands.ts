// `stowage admin`: what an operator does, by the running server's own API. A file a noun; each is loaded when it is called for.

import type { Command } from 'commander'

import type { Flags } from '../with-settings.ts'
import { addIdentityCommands } from './add-identity-commands.ts'
import { connect, onServer, text } from './connect.ts'

/** Adds `admin` with its commands. */
export function addAdminCommands(program: Command): void {
  const admin = program
    .command('admin')
    .description('Operate the running server: public registries, storage, deleted images, users and what they may do')
  addRegistryCommands(admin.command('registry').description('Public registries: aliases, the verified mark, names'))
  addStorageCommands(admin)
  addImageCommands(admin.command('image').description('Images that were deleted'))
  addIdentityCommands(admin)
}

function addRegistryCommands(registry: Command): void {
  const nouns = () => import('./registry.ts')
  const forAccount = '--account <ID>'
  const whose = "The registry of this account instead of the server's own"

  onServer(registry.command('list').description('Print every public registry with its aliases'))
    .option('--json', 'As JSON')
    .action(async ({ json, ...flags }: Flags) => (await nouns()).listRegistries(await connect(flags), json === true))

  onServer(registry.command('verify').description('Give a registry the verified mark'))
    .option(forAccount, whose)
    .option('--off', 'Take the mark away')
    .action(async ({ account, off, ...flags }: Flags) =>
      (await nouns()).verifyRegistry(await connect(flags), text(account), off !== true),
    )

  onServer(
    registry
      .command('display-name')
      .description('Set the name that the gallery shows of a verified registry; without NAME there is none')
      .argument('[NAME]'),
  )
    .option(forAccount, whose)
    .action(async (name: string | undefined, { account, ...flags }: Flags) =>
      (await nouns()).nameRegistry(await connect(flags), text(account), name ?? ''),
    )

  const alias = registry.command('alias').description('Names in addresses: <host>/<alias>/<repository>')
  onServer(alias.command('add').description('Give a registry one more alias').argument('<ALIAS>'))
    .option(forAccount, whose)
    .option('--pending', 'Only note that it is wanted: it leads nowhere until it is approved')
    .option('--primary', 'Print addresses with it from now on')
    .option('--allow-reserved', 'Even a word that AWS keeps to itself or thinks too generic')
    .action(async (name: string, { account, pending, primary, allowReserved, ...flags }: Flags) =>
      (await nouns()).addAlias(await connect(flags), name, {
        account: text(account),
        isPending: pending === true,
        isPrimary: primary === true,
        allowReserved: allowReserved === true,
      }),
    )
  for (const [verb, what] of [
    ['approve', 'Let a pending or rejected alias lead to its registry'],
    ['reject', 'Refuse an alias that was asked for, or withdraw one'],
    ['primary', 'Print addresses with this alias; the others go on working'],
    ['remove', 'Take an alias away'],
  ] as const) {
    onServer(alias.command(verb).description(what).argument('<ALIAS>')).action(async (name: string, flags: Flags) =>
      (await nouns()).aliasVerbs[verb](await connect(flags), name),
    )
  }
}

function addStorageCommands(admin: Command): void {
  const nouns = () => import('./storage.ts')

  onServer(admin.command('usage').description('Print what takes up the room: each repository, and the whole store'))
    .option('--json', 'As JSON')
    .action(async ({ json, ...flags }: Flags) => (await nouns()).printUsage(await connect(flags), json === true))

  onServer(admin.command('collect').description('Take away the layers that nothing needs, now'))
    .option('--dry-run', 'Only say what would go')
    .option('--json', 'As JSON')
    .action(async ({ dryRun, json, ...flags }: Flags) =>
      (await nouns()).collectNow(await connect(flags), dryRun === true, json === true),
    )
}

function addImageCommands(image: Command): void {
  const nouns = () => import('./image.ts')
  const inRegistry = (command: Command) =>
    onServer(command)
      .option('--public', 'Of the public registry')
      .option('--account <ID>', "In the registry of this account instead of the server's own")
      .option('--of-region <REGION>', "In the registry of this region instead of the server's own")
  const which = ({ public: isPublic, account, ofRegion }: Flags) => ({
    registryType: isPublic === true ? ('PUBLIC' as const) : ('PRIVATE' as const),
    registryId: text(account),
    region: text(ofRegion),
  })

  inRegistry(image.command('deleted').description('Print the images that may be restored').argument('<REPOSITORY>'))
    .option('--json', 'As JSON')
    .action(async (name: string, { json, public: isPublic, account, ofRegion, ...flags }: Flags) =>
      (await nouns()).listDeleted(
        await connect(flags),
        name,
        which({ public: isPublic, account, ofRegion }),
        json === true,
      ),
    )

  const tags: string[] = []
  inRegistry(
    image
      .command('restore')
      .description('Put a deleted image back, with those of its tags that are free')
      .argument('<REPOSITORY>')
      .argument('<DIGEST>'),
  )
    .option('--tag <TAG>', 'With this tag instead; may be given several times', (tag: string) => {
      tags.push(tag)
      return tag
    })
    .action(async (name: string, digest: string, { tag, public: isPublic, account, ofRegion, ...flags }: Flags) =>
      (await nouns()).restore(
        await connect(flags),
        name,
        digest,
        which({ public: isPublic, account, ofRegion }),
        tag === undefined ? undefined : tags,
      ),
    )
}
