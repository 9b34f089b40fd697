// What the tests of the image transport need: a Stowage, clients of both APIs, and the options by which references lead to it.

import { after } from 'node:test'

import type { CopyOptions } from '../../../src/client/transport/copy.ts'
import { createEcrPublic } from '../../../src/client/create-ecr-public.ts'
import { createEcr } from '../../../src/client/create-ecr.ts'
import type { Ecr, EcrPublic } from '../../../src/client/ecr.ts'
import type { ClientSetting } from '../../clients/setting.ts'
import { useStowage } from '../../clients/setting.ts'
import type { StowageOptions } from '../../support/stowage.ts'

export type TransportSetting = ClientSetting & {
  readonly ecr: Ecr
  readonly ecrPublic: EcrPublic
  /** Everything that `copy` needs to know of this Stowage; the journal is in the sandbox. */
  readonly options: (more?: CopyOptions) => CopyOptions
}

/** To be called inside `describe`. */
export function useTransport(options: StowageOptions = {}): TransportSetting {
  const setting = useStowage(options)
  let ecr: Ecr | undefined
  let ecrPublic: EcrPublic | undefined
  after(() => {
    ecr?.destroy()
    ecrPublic?.destroy()
  })
  const clientOptions = (region: string) => ({
    endpoint: setting.stowage.origin,
    region,
    accessKeyId: setting.stowage.env['AWS_ACCESS_KEY_ID'],
    secretAccessKey: setting.stowage.env['AWS_SECRET_ACCESS_KEY'],
  })
  const extended = {
    get ecr() {
      return (ecr ??= createEcr(clientOptions(setting.stowage.env['AWS_REGION'] ?? '')))
    },
    get ecrPublic() {
      return (ecrPublic ??= createEcrPublic(clientOptions('us-east-1')))
    },
    options: (more: CopyOptions = {}): CopyOptions => ({
      ecr: extended.ecr,
      ecrPublic: extended.ecrPublic,
      ecrHosts: [setting.stowage.host],
      ecrPublicHosts: [setting.publicHost()],
      journalDirectory: setting.sandbox.path('journal'),
      credentials: async () => ({ kind: 'password', username: 'AWS', password: await setting.stowage.password() }),
      ...more,
    }),
  }
  // Not spread: what it gives is there only once the suite has begun.
  return Object.create(
    Object.freeze(
      Object.defineProperties(
        {},
        {
          ...Object.getOwnPropertyDescriptors(setting),
          ...Object.getOwnPropertyDescriptors(extended),
        },
      ),
    ) as object,
  ) as TransportSetting // made of the members of both
}
