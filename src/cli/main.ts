// The command line. Each command has a file of its own, loaded when it is called for; this one knows their options and what their errors
// mean for the exit code: 0 done, 1 it could not be done, 2 it was asked for wrongly, 70 the server could not go on. Commands about images know
// more of them (images/image-failure.ts).

import { Command, CommanderError } from 'commander'

import { ConfigError } from '../config.ts'
import { settingNames } from '../settings.ts'
import { addAdminCommands } from './admin/add-admin-commands.ts'
import { addCatalogCommands } from './catalog/add-catalog-commands.ts'
import { CommandError } from './command-error.ts'
import { addImageCommands } from './images/add-image-commands.ts'
import { version } from './version.ts'
import { load, withSettings, type Flags } from './with-settings.ts'

/** Runs a command line (without the program's own name) to its end and gives the exit code. Prints errors itself, a sentence each. */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever read our output may have gone (`stowage config | head`); that ends neither a command nor a server.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  let code = 0
  const program = buildProgram((result) => {
    code = result
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return report(error)
  }
}

/** `done` is told the exit code of the command that ran. */
function buildProgram(done: (code: number) => void): Command {
  const program = new Command('stowage')
    .description('A container registry that is Amazon ECR to its clients')
    .version(`stowage ${version}`, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print what there is to say')
    .helpCommand('help [command]', 'Print what there is to say of a command')
    .exitOverride()
    // Errors are printed in one place, `report`.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()

  withSettings(program.command('serve').description('Serve until told to stop'), settingNames).action(async (flags) => {
    const { serve } = await import('./serve.ts')
    done(await serve(load(flags)))
  })

  withSettings(program.command('env').description('Print shell exports that lead AWS clients to the running server'), [
    'data',
  ])
    .option('--format <FORMAT>', 'sh, fish or json', 'sh')
    .action(async ({ format, ...flags }) => {
      const { printEnv } = await import('./env.ts')
      printEnv(load(flags).config.data, String(format))
    })

  withSettings(
    program.command('config').description('Print every setting, its value and where it comes from'),
    settingNames,
  ).action(async (flags) => {
    const { printConfig } = await import('./print-config.ts')
    printConfig(load(flags))
  })

  addImageCommands(program, done)
  addAdminCommands(program)
  addCatalogCommands(program)

  withSettings(
    program
      .command('fsck')
      .description('Look for damage in the data directory, beside a running server or without one'),
    ['data'],
  )
    .option('--deep', 'Read every byte of every layer, and compare digests')
    .option('--repair', 'Mark damaged layers, move stray files to the trash, correct counters; nothing is deleted')
    .option('--json', 'As JSON')
    .action(async ({ deep, repair, json, ...flags }: Flags) => {
      const { printFsck } = await import('./fsck.ts')
      const { data } = load(flags).config
      done(await printFsck({ data, deep: deep === true, repair: repair === true, asJson: json === true }))
    })

  withSettings(
    program
      .command('backup')
      .description('Copy everything into a directory, beside a running server or without one; again: only what is new')
      .argument('<DIR>'),
    ['data'],
  )
    .option('--without-keys', 'Leave the access keys and secrets out')
    .option('--without-audit', 'Leave the audit log out')
    .option('--json', 'As JSON')
    .action(async (directory: string, { withoutKeys, withoutAudit, json, ...flags }: Flags) => {
      const { makeBackup } = await import('./backup.ts')
      const withAudit = withoutAudit !== true
      const options = { directory, withKeys: withoutKeys !== true, withAudit, asJson: json === true }
      done(await makeBackup(load(flags).config.data, options))
    })

  withSettings(
    program
      .command('restore')
      .description('Make a new data directory from a backup; what is there is never overwritten')
      .argument('<DIR>'),
    ['data'],
  )
    .option('--json', 'As JSON')
    .action(async (directory: string, { json, ...flags }: Flags) => {
      const { restore } = await import('./restore.ts')
      done(await restore(load(flags).config.data, directory, json === true))
    })

  program
    .command('version')
    .description('Print the version')
    .action(() => {
      process.stdout.write(`stowage ${version}\n`)
    })
  return program
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version have been printed. Asking for nothing at all prints the help too, but is a mistake.
    if (error.exitCode === 0) return 0
    if (error.code !== 'commander.help') complain(error.message.replace(/^error: /, ''))
    return 2
  }
  if (error instanceof ConfigError) {
    complain(error.message)
    return 2
  }
  if (error instanceof CommandError) {
    complain(error.message)
    return error.exitCode
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
}

function complain(sentence: string): void {
  process.stderr.write(`stowage: ${sentence}\n`)
}
