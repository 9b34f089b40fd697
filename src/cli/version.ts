import { readFileSync } from 'node:fs'

/** The package's version; its description stands beside `src/` and `dist/` alike. */
export const version: string = readVersion(new URL('../../package.json', import.meta.url))

function readVersion(file: URL): string {
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof description === 'object' && description !== null && 'version' in description)
    return String(description.version)
  throw new Error('package.json has no version')
}
