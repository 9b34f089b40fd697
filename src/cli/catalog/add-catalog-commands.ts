// `stowage catalog`: public repositories from files.

import type { Command } from 'commander'

import { load, withSettings } from '../with-settings.ts'

/** Adds `catalog` with its command. */
export function addCatalogCommands(program: Command): void {
  const catalog = program.command('catalog').description('Public repositories from files')
  withSettings(catalog.command('apply').description('Make public repositories what the files of a directory say'), [
    'data',
  ])
    .argument('<DIR>', 'Holds <alias>/<repository>/ with any of catalog.yaml, about.md, usage.md and logo.png')
    .option('--dry-run', 'Only print what differs')
    .addHelpText('after', layoutHelp)
    .action(async (directory: string, { dryRun, ...flags }: Readonly<Record<string, string | boolean | undefined>>) => {
      const { applyCatalog } = await import('./apply-catalog.ts')
      await applyCatalog(load(flags).config.data, directory, dryRun === true)
    })
}

const layoutHelp = `A directory <alias>/<repository> (the repository may have several parts, as in team/app) is a repository when it holds one of:
  catalog.yaml  description, architectures, operatingSystems (lists) and tags (a map); all optional, other keys are errors
  about.md      the text "About", in Markdown
  usage.md      the text "Usage", in Markdown
  logo.png      60 to 2,048 pixels wide and high, at most 512,000 bytes

For a repository that it names the directory is the truth: without about.md there is no such text, without logo.png no logo.
Tags are the exception: without "tags" they are left as they are, and with it they become these and no others.
Repositories of the server that are not in the directory are left alone. Nothing is ever deleted but members and tags.

All files are checked first, every fault is printed, and then nothing is sent. What differs is printed before it is changed:
+ create, ~ change. Run it again at any time: what is the same is not sent. Links are not followed, names that begin
with a dot are passed over, other files are named and ignored.
`
