import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { packageRoot } from './package-root.ts'

/** The package's version. */
export const version: string = readVersion(join(packageRoot, 'package.json'))

function readVersion(file: string): string {
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof description === 'object' && description !== null && 'version' in description)
    return String(description.version)
  throw new Error('package.json has no version')
}
