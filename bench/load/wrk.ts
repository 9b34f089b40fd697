// One request again and again, by Debian's wrk: it costs less than any server, so that the other processor is enough for it. Without it
// our own generator does the same, dearer.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { runCommand } from '../../faults/server.ts'
import { isThere, pathOf } from '../programs.ts'
import type { Load } from '../row.ts'
import { generate } from './generate.ts'

export interface Repeated {
  readonly origin: string
  readonly method?: string
  /** One of them after the other. */
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly connections: number
  readonly seconds: number
}

/** Fails when one answer is not 2xx. */
export async function repeat(what: Repeated): Promise<Load> {
  // wrk waits for the body that no answer to HEAD has.
  return isThere('wrk') && what.method !== 'HEAD' ? byWrk(what) : generate({ kind: 'repeat', ...what })
}

async function byWrk({ origin, method = 'GET', paths, headers, body, connections, seconds }: Repeated): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-wrk-'))
  const script = join(folder, 'requests.lua')
  writeFileSync(script, scriptText(method, paths, headers, body))
  const args = [
    '-t',
    '1',
    '-c',
    String(connections),
    '-d',
    `${Math.ceil(seconds)}s`,
    '--timeout',
    '60s',
    '-s',
    script,
    origin,
  ]
  const { code, stdout, stderr } = await runCommand(pathOf('wrk'), args)
  rmSync(folder, { recursive: true })
  const [, ...said] = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout) ?? []
  const [count = 0, bytes = 0, micros = 0, p50 = 0, p99 = 0, refused = 0, broken = 0] = said.map(Number)
  if (code !== 0 || micros === 0) throw new Error(`wrk ended with ${String(code)}: ${stderr}${stdout}`)
  if (refused + broken > 0) throw new Error(`${origin}${paths[0]}: ${refused} answers were not 2xx, ${broken} failed`)
  const latency = count === 0 ? {} : { p50Ms: p50 / 1000, p99Ms: p99 / 1000 }
  return { count, bytes, seconds: micros / 1e6, p50Ms: undefined, p99Ms: undefined, ...latency }
}

function scriptText(
  method: string,
  paths: readonly string[],
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): string {
  return `local paths = { ${paths.map(luaText).join(', ')} }
wrk.method = ${luaText(method)}
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[ ${luaText(name)} ] = ${luaText(value)}`)
  .join('\n')}
${body === undefined ? '' : `wrk.body = ${luaText(body)}`}
local requests = {}
local at = 0
init = function()
  for nr, path in ipairs(paths) do requests[nr] = wrk.format(nil, path) end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\\n", summary.requests, summary.bytes, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
`
}

const luaText = (text: string): string => `[==[${text}]==]`
