// Why a row misses a figure, for the page and the terminal: printed only beside a figure that is missed.

/** By the name of a row or table, or its beginning. From profiles (`--profile ROW`), of the version that this page is about. */
const reasons: Readonly<Record<string, string>> = {
  manifest:
    'an answer of the same bytes by node:http alone takes twice the processor time of nginx; login, decision, database, log line and metrics take three times as much again',
  'blob-16k': 'the same for each request as for a manifest: node:http, login, decision, log line, metrics',
  'blob-10m':
    'each byte is read into the process and its CRC-32 made before it leaves, so that no damaged layer is served: nginx and docker-registry hand the file to the kernel',
  'blob-1g':
    'each byte is read into the process and its CRC-32 made before it leaves, so that no damaged layer is served: nginx and docker-registry hand the file to the kernel',
  upload:
    'beside SHA-256 each MiB gets a CRC-32, which costs Node as much again, on the thread that parses HTTP; the limit has no client and no socket',
  'push-32':
    'each image waits for four syncs of files and directories and shares in five commits; docker-registry syncs nothing. All that is decided is decided on one thread: on a machine that is busy otherwise, the other one has more threads to be given a turn',
  'clients-large':
    'by the API each byte is 1.33 of JSON, hashed for the signature on both sides, and the thread of the server that parses HTTP makes three of the four hashes; in a quick run the start of the process counts for half',
  'clients-small':
    'by the API each layer is asked for with a signed request before it is fetched, and loading the SDK takes a third of the time',
  workers:
    'the load generator is on the same two processors: two processes get 1.6 of them, and a request costs each a quarter more time than the one that has a processor to itself',
  'api-describe-images':
    'a signed request is parsed, hashed and its signature made again before five look-ups in the database',
}

/** `undefined` where nobody has looked yet. */
export function reasonOf(name: string): string | undefined {
  const beginnings = Object.keys(reasons).filter((beginning) => name.startsWith(beginning))
  const [closest] = beginnings.toSorted((one, other) => other.length - one.length)
  return closest === undefined ? undefined : reasons[closest]
}

/** What stands beside a figure that is missed. */
export function missedText(name: string): string {
  const reason = reasonOf(name)
  return reason === undefined ? 'misses, and nobody has looked why' : `misses because ${reason}`
}
