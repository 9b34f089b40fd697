// Text that people paste into a shell.

import { basename, relative } from 'node:path'

/** One word of a POSIX shell (fish understands the same form). */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
}

/** How this program is called from the current directory: by its name when it is installed, by its start script in a checkout. */
export function programWords(script: string | undefined, directory: string): string {
  if (script === undefined || basename(script) === 'stowage') return 'stowage'
  const near = relative(directory, script)
  return `node ${shellWord(near.startsWith('..') ? script : near)}`
}
