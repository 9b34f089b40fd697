// Names of one server. Loopback has three of them, and users mix them.

const loopbacks = ['localhost', '127.0.0.1', '[::1]']

/** Every name of `host` (`host:port`), itself among them. */
export function namesOf(host: string): readonly string[] {
  const [, name = '', port = ''] = /^(.*?)(:\d+)?$/.exec(host.toLowerCase()) ?? []
  return loopbacks.includes(name) ? loopbacks.map((loopback) => `${loopback}${port}`) : [host]
}

/** Whether two `host:port` lead to the same server. */
export function sameHost(one: string, other: string): boolean {
  return namesOf(one).some((name) => name.toLowerCase() === other.toLowerCase())
}
