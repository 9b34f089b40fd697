// `node pack.mjs ROOT PACK`: packs the sources of the checkout ROOT into the new folder PACK, with a file for the program and one for each
// worker. A process of its own: the bundler keeps 400 MiB that a server would have for the rest of its life.

import http from 'node:http'
import https from 'node:https'
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
  output: {
    dir: pack,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
})

/**
 * Node's HTTP without the detour of `import`, in the packages as in our sources (src/lib/node-http.ts, which has the figures): that asks for
 * every export of the module once, among them `WebSocket`, which loads a second HTTP client.
 *
 * @returns {import('rolldown').Plugin}
 */
function plainHttp() {
  const modules = { 'node:http': http, 'node:https': https }
  const mark = '\0plain-'
  return {
    name: 'plain-http',
    resolveId: (source) => {
      const name = source.startsWith('node:') ? source : `node:${source}`
      return name in modules ? mark + name : undefined
    },
    load: (id) => {
      const [name, module] = Object.entries(modules).find(([key]) => id === mark + key) ?? []
      if (name === undefined || module === undefined) return undefined
      const plain = Object.entries(Object.getOwnPropertyDescriptors(module)).filter(([, its]) => 'value' in its)
      const names = plain.map(([key]) => key).join(', ')
      return `const module = process.getBuiltinModule('${name}')\nexport default module\nexport const { ${names} } = module\n`
    },
  }
}
