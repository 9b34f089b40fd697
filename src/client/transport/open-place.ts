// From a reference to the place it names. What a kind of place needs is loaded for it alone: the SDK and the tar reader take longer than a small image.

import { type ConnectionOptions, directConnection, requestHandlerOptions } from '../connection-options.ts'
import type { Ecr, EcrPublic } from '../ecr.ts'
import { type Credentials, findDockerCredentials } from './docker-credentials.ts'
import { openLayoutPlace } from './layout-place.ts'
import { parseReference, type ReferenceOptions } from './parse-reference.ts'
import type { Place } from './place.ts'
import { openRegistryPlace } from './registry-place.ts'
import type { HttpOptions } from './send-http.ts'
import { transportFail } from './transport-error.ts'
import { defaultJournalDirectory, openUploadJournal } from './upload-journal.ts'

export interface PlaceOptions extends ReferenceOptions {
  /** The client for private repositories. By default one is made for the region of the host name, with the SDK's own credentials. */
  readonly ecr?: Ecr | undefined
  /** The same for public ones. */
  readonly ecrPublic?: EcrPublic | undefined
  /** Proxies, certificates and time-outs of everything that is not a call of the API. */
  readonly connection?: ConnectionOptions | undefined
  /** What to say to the registry `host` (`host:port`) at `/v2/`. By default what `docker login` left. */
  readonly credentials?: ((host: string) => Promise<Credentials | undefined>) | undefined
  /** Whether `/v2/` is spoken without TLS. By default on loopback hosts only. */
  readonly plainHttp?: boolean | undefined
  /** Bytes of each request of an upload by `/v2/`; all in one when absent. */
  readonly chunkBytes?: number | undefined
  /** Where uploads under way are remembered; `false` for nowhere. Default: `stowage/uploads` in the user's cache directory. */
  readonly journalDirectory?: string | false | undefined
  /** Replaces an archive that exists. Default: it is left alone, and the copy fails. */
  readonly overwrite?: boolean | undefined
}

/** Opens the place that a reference names. Fails with InvalidReference, and with what the archive or layout is refused for. */
export async function openPlace(text: string, options: PlaceOptions = {}): Promise<Place> {
  const reference = parseReference(text, options)
  const { plainHttp, chunkBytes } = options
  const http = httpOptions(options.connection)
  const journal =
    options.journalDirectory === false
      ? undefined
      : openUploadJournal(options.journalDirectory ?? defaultJournalDirectory())
  const credentialsFor = options.credentials ?? findDockerCredentials
  switch (reference.kind) {
    case 'oci':
      return openLayoutPlace(reference)
    case 'oci-archive':
    case 'docker-archive': {
      const { openArchivePlace } = await import('./archive-place.ts')
      return openArchivePlace(reference, options.overwrite ?? false)
    }
    case 'registry': {
      const credentials = () => credentialsFor(reference.host)
      return openRegistryPlace({ ...http, ...reference, plainHttp, chunkBytes, journal, credentials })
    }
    case 'ecr': {
      const { openEcrPlace } = await import('./ecr-place.ts')
      const own = options.ecr ? undefined : await makeEcr(reference.region)
      const ecr = options.ecr ?? own
      if (!ecr) throw new Error('one of the two is there')
      await requireRegion(text, ecr, reference.region)
      return closing(openEcrPlace({ ...http, ecr, reference, journal, plainHttp }), () => own?.destroy())
    }
    case 'ecr-public': {
      const [{ openEcrPublicPlace }, { createEcrPublic }] = await Promise.all([
        import('./ecr-public-place.ts'),
        import('../create-ecr-public.ts'),
      ])
      let own: EcrPublic | undefined
      const ecrPublic = () => options.ecrPublic ?? (own ??= createEcrPublic())
      const credentials = () => credentialsFor(reference.host)
      const place = openEcrPublicPlace({ ...http, ecrPublic, reference, journal, plainHttp, credentials })
      return closing(place, () => own?.destroy())
    }
  }
}

async function makeEcr(region: string | undefined): Promise<Ecr> {
  const { createEcr } = await import('../create-ecr.ts')
  return createEcr(region === undefined ? {} : { region })
}

/** A client signs for one region, and would find another repository of the same name there, or none. */
async function requireRegion(text: string, ecr: Ecr, region: string | undefined): Promise<void> {
  if (region === undefined) return
  const signed = await ecr.region()
  if (signed !== region)
    transportFail('InvalidReference', { text, reason: `it is in ${region}, and the client is for ${signed}` })
}

/** How everything but the API is reached. */
export function httpOptions(connection: ConnectionOptions = {}): HttpOptions {
  const { httpAgent, httpsAgent, socketTimeout } = requestHandlerOptions(connection)
  return {
    agentFor: (url) => (url.protocol === 'https:' ? httpsAgent : httpAgent),
    direct: directConnection(connection),
    idleTimeoutMs: socketTimeout,
  }
}

function closing(place: Place, close: () => void): Place {
  return {
    ...place,
    close: async () => {
      try {
        await place.close()
      } finally {
        close()
      }
    },
  }
}
