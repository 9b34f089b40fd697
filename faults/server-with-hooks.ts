// `stowage serve`, but it dies at a named point of the storage of layers: `--die-at blob:before-rename --nth 2` and the flags of serve.
// The process is gone in that moment, in the middle of everything else that it does, as by kill -9.

import { Command } from 'commander'

import { openStowage } from '../src/assemble.ts'
import { openLog } from '../src/cli/open-log.ts'
import { load, withSettings } from '../src/cli/with-settings.ts'
import { settingNames } from '../src/settings.ts'

await withSettings(new Command('server-with-hooks'), settingNames)
  .requiredOption('--die-at <POINT>', 'a DiskPoint')
  .requiredOption('--nth <N>', 'at which time that it is reached')
  .action(async ({ dieAt, nth, ...flags }: Record<string, string>) => {
    const { config } = load(flags)
    const log = openLog(config)
    let left = Number(nth)
    await openStowage({
      config,
      log: log.logger,
      logRequest: log.request,
      onFatal: (error) => {
        throw error
      },
      diskHooks: {
        at: async (point) => {
          if (point !== dieAt || --left > 0) return
          process.kill(process.pid, 'SIGKILL')
          // Until the signal is there nothing may go on.
          await new Promise(() => {})
        },
      },
    })
  })
  .parseAsync()
