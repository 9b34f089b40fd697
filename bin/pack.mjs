// `node pack.mjs ROOT PACK`: packs the sources of the checkout ROOT into the new folder PACK, with a file for the program and one for each
// worker. A process of its own: the bundler keeps 400 MiB that a server would have for the rest of its life.

import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'rolldown'

const [root = '', pack = ''] = process.argv.slice(2)
const sources = join(root, 'src')
const workers = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('-worker.ts'))
  .map((name) => join(sources, name))

await build({
  input: Object.fromEntries([join(sources, 'cli', 'main.ts'), ...workers].map((file) => [basename(file, '.ts'), file])),
  platform: 'node',
  logLevel: 'silent',
  output: { dir: pack, format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
})
