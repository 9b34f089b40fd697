// How the service is reached: time-outs that fire, proxies, certificates. Made into the options of the SDK's own request handler.

import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { limitConnecting } from './limit-connecting.ts'

export interface ConnectionOptions {
  /** How long a connection may take to stand, TLS and a proxy's tunnel included. Default 10 s; 0 is for ever. */
  readonly connectTimeoutMs?: number | undefined
  /** From the start of one attempt to the head of its answer; a part of a layer has to be sent in it. Default 300 s; 0 is for ever. */
  readonly requestTimeoutMs?: number | undefined
  /** How long nothing may move in either direction. Default 60 s; 0 is for ever. */
  readonly idleTimeoutMs?: number | undefined
  /** Connections at once, per host. Default 50. */
  readonly maxSockets?: number | undefined
  /** The proxy's URL for all requests, or `false` for none. By default HTTPS_PROXY, HTTP_PROXY and NO_PROXY say; loopback is never proxied. */
  readonly proxy?: string | false | undefined
  /** Certificates (PEM) that are trusted in place of Node's own. By default those in the file that AWS_CA_BUNDLE names. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** The same in a file. */
  readonly caFile?: string | undefined
  /** What the client shows of itself (PEM). */
  readonly clientCertificate?:
    | {
        readonly cert: string | Uint8Array
        readonly key: string | Uint8Array
        readonly passphrase?: string | undefined
      }
    | undefined
  /** `false` accepts any certificate: for experiments. Default true. */
  readonly verifyPeer?: boolean | undefined
}

export const connectionOptionNames: readonly (keyof ConnectionOptions)[] = [
  'connectTimeoutMs',
  'requestTimeoutMs',
  'idleTimeoutMs',
  'maxSockets',
  'proxy',
  'ca',
  'caFile',
  'clientCertificate',
  'verifyPeer',
]

/** Options for the SDK's `requestHandler`. Throws when a file of certificates cannot be read or options contradict each other. */
export function requestHandlerOptions(
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv = process.env,
  nodeVersion: string = process.versions.node,
) {
  const proxyEnv = proxyEnvOf(options.proxy, env)
  if (proxyEnv !== undefined) refuseOldNode(nodeVersion)
  const sockets = { keepAlive: true, maxSockets: options.maxSockets ?? 50, ...(proxyEnv && { proxyEnv }) }
  const connectMs = connectTimeoutOf(options)
  return {
    requestTimeout: milliseconds('requestTimeoutMs', options.requestTimeoutMs ?? 300_000),
    // Otherwise the SDK warns, and waits on.
    throwOnRequestTimeout: true,
    socketTimeout: milliseconds('idleTimeoutMs', options.idleTimeoutMs ?? 60_000),
    httpAgent: limitConnecting(new HttpAgent(sockets), connectMs),
    httpsAgent: limitConnecting(new HttpsAgent({ ...sockets, ...tlsOptions(options, env) }), connectMs),
  }
}

/** How a host is reached without an agent, and without TLS. */
export interface DirectConnection {
  /** 0 is for ever. */
  readonly connectTimeoutMs: number
}

/** `undefined` where requests may go through a proxy, which the agents know how to speak to. Throws as `requestHandlerOptions`. */
export function directConnection(
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv = process.env,
): DirectConnection | undefined {
  if (proxyEnvOf(options.proxy, env) !== undefined) return undefined
  return { connectTimeoutMs: connectTimeoutOf(options) }
}

function connectTimeoutOf({ connectTimeoutMs = 10_000 }: ConnectionOptions): number {
  return milliseconds('connectTimeoutMs', connectTimeoutMs)
}

function milliseconds(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw new TypeError(`${name} must be a number of milliseconds, 0 for none: ${value}`)
}

function tlsOptions(options: ConnectionOptions, env: NodeJS.ProcessEnv) {
  const { ca, caFile, clientCertificate, verifyPeer = true } = options
  if (ca !== undefined && caFile !== undefined) throw new TypeError('Give ca or caFile, not both')
  const file = caFile ?? (ca === undefined && env.AWS_CA_BUNDLE ? env.AWS_CA_BUNDLE : undefined)
  const trusted = file === undefined ? ca : readBundle(file, caFile === undefined ? 'AWS_CA_BUNDLE' : 'caFile')
  return {
    ...(trusted !== undefined && {
      ca: Array.isArray(trusted) ? trusted.map(pem) : pem(trusted as string | Uint8Array),
    }), // no list: one
    ...(clientCertificate && {
      cert: pem(clientCertificate.cert),
      key: pem(clientCertificate.key),
      ...(clientCertificate.passphrase !== undefined && { passphrase: clientCertificate.passphrase }),
    }),
    rejectUnauthorized: verifyPeer,
  }
}

const pem = (text: string | Uint8Array) => (typeof text === 'string' ? text : Buffer.from(text))

function readBundle(file: string, from: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The certificates that ${from} names cannot be read: ${reason}`, { cause })
  }
}

/** An older Node's agents would go around the proxy without a word. https://nodejs.org/api/http.html#built-in-proxy-support */
function refuseOldNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21)) return
  throw new Error(`Node ${version} cannot use a proxy: it takes 22.21, 24.5 or later (proxy: false goes without)`)
}

const loopback = 'localhost,127.0.0.1,[::1],::1'

/** What Node's agents need to know of proxies; `undefined` when there is none. */
function proxyEnvOf(proxy: string | false | undefined, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
  if (proxy === false) return undefined
  if (proxy !== undefined) {
    if (!/^https?:$/.test(URL.parse(proxy)?.protocol ?? ''))
      throw new TypeError(`proxy must be an http:// or https:// URL: ${proxy}`)
    return { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: loopback }
  }
  // Lower case first, as curl has it; an empty variable is none.
  const of = (name: string) => env[name.toLowerCase()] || env[name] || undefined
  const [http, https, none] = [of('HTTP_PROXY'), of('HTTPS_PROXY'), of('NO_PROXY')]
  if (http === undefined && https === undefined) return undefined
  return {
    ...(http !== undefined && { HTTP_PROXY: http }),
    ...(https !== undefined && { HTTPS_PROXY: https }),
    NO_PROXY: none === undefined ? loopback : none === '*' ? '*' : `${none},${loopback}`,
  }
}
