// Why a server could not start to listen, for whoever tells the operator.

export type ListenReason = 'address-in-use' | 'not-permitted' | 'no-such-address' | 'bad-certificate' | 'other'

export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly reason: ListenReason
  /** The port asked for; `undefined` when that is not what was wrong. */
  readonly port: number | undefined
  constructor(reason: ListenReason, message: string, cause: unknown, port?: number) {
    super(message, { cause })
    this.port = port
    this.reason = reason
  }
}

export function toListenError(error: Error & { readonly code?: string }, address: string, port: number): ListenError {
  const place = `${address.includes(':') ? `[${address}]` : address}:${port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError('address-in-use', `${place} is taken by another program`, error, port)
    case 'EACCES':
    case 'EPERM':
      return new ListenError('not-permitted', `this user may not listen on ${place}`, error)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return new ListenError('no-such-address', `this machine has no address ${address} to listen on`, error)
    default:
      return new ListenError('other', `cannot listen on ${place}: ${error.message}`, error)
  }
}
