// How long a connection may take to stand, TLS and a proxy's tunnel included. The SDK's own limit ends with TCP's handshake, and counts the time
// that a request waits for a free connection.

import type { Agent as HttpAgent, ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'

type Created = (error: Error | null, socket: Duplex) => void

/** Ends connections of the agent that do not stand in time, with the code `ETIMEDOUT`. 0 is no limit. */
export function limitConnecting<A extends HttpAgent>(agent: A, limitMs: number): A {
  if (limitMs === 0) return agent
  const create = agent.createConnection.bind(agent)
  const standing = agent instanceof HttpsAgent ? 'secureConnect' : 'connect'
  agent.createConnection = (options: ClientRequestArgs, callback?: Created) => {
    const timer = setTimeout(() => {
      const error = new Error(`the connection did not stand within ${limitMs} ms`)
      socket?.destroy(Object.assign(error, { code: 'ETIMEDOUT' }))
    }, limitMs)
    const stop = () => clearTimeout(timer)
    // Through a proxy the socket is the one to the proxy; that the tunnel stands is told to the callback only.
    const socket = create(options, (error, made) => {
      stop()
      callback?.(error, made)
    })
    socket?.once(standing, stop)
    socket?.once('close', stop)
    return socket
  }
  return agent
}
