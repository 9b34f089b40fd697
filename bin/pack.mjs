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
  // The SDK's own ES modules: those in CommonJS each get a wrapper, and are copied export by export.
  resolve: { mainFields: ['module', 'main'] },
  plugins: [plainHttp()],
  output: { dir: pack, format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
})

/**
 * Node's HTTP without the detour of `import`, in the packages as in our sources (src/lib/node-http.ts, which has the figures): that asks for
 * every export of the module once, among them `WebSocket`, which loads a second HTTP client.
 *
 * @returns {import('rolldown').Plugin}
 */
function plainHttp() {
  const names = ['node:http', 'node:https']
  const mark = '\0plain-'
  return {
    name: 'plain-http',
    resolveId: (source) => {
      const name = source.startsWith('node:') ? source : `node:${source}`
      return names.includes(name) ? mark + name : undefined
    },
    load: (id) => {
      if (!id.startsWith(mark)) return undefined
      const name = id.slice(mark.length)
      const exported = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(name)))
      // What is no value is got when it is asked for, which is the detour.
      const values = exported.filter(([, its]) => 'value' in its).map(([key]) => key)
      return `const module = process.getBuiltinModule('${name}')\nexport default module\nexport const { ${values.join(', ')} } = module\n`
    },
  }
}
