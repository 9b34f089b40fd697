// `node pack.mjs ROOT PACK`: packs the sources of the checkout ROOT into the new folder PACK, with a file for the program and one for each
// worker. A process of its own: the bundler keeps 400 MiB that a server would have for the rest of its life.

import { basename, join } from 'node:path'
import { build } from 'rolldown'
import { sourcesOf } from './program.mjs'

const [root = '', pack = ''] = process.argv.slice(2)
const sources = join(root, 'src')
const workers = sourcesOf(sources).filter((file) => file.endsWith('-worker.ts'))

await build({
  input: Object.fromEntries([join(sources, 'cli', 'main.ts'), ...workers].map((file) => [basename(file, '.ts'), file])),
  platform: 'node',
  logLevel: 'silent',
  output: { dir: pack, format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
})
