// A client of the private API, on the official SDK.

import * as sdk from '@aws-sdk/client-ecr'
import { ecrErrors } from './declared/ecr-errors.ts'
import { ecrInputs } from './declared/ecr-inputs.ts'
import { clientOn } from './client-on.ts'
import type { Ecr } from './ecr.ts'
import { sdkOptions, type OwnOptions } from './options.ts'
import { privateLists } from './pages.ts'

/** The SDK's options and ours; docs/client-options.md has every one. */
export type EcrOptions = Omit<sdk.ECRClientConfig, keyof OwnOptions> & OwnOptions

/** Throws a TypeError for options that contradict each other. Nothing is sent, and no credentials are looked for, before the first call. */
export function createEcr(options: EcrOptions = {}): Ecr {
  const client = new sdk.ECRClient(sdkOptions(options))
  const commands: Readonly<Record<string, unknown>> = sdk
  const methods = clientOn({
    service: 'ecr',
    title: 'ECR',
    client,
    // The declared names are those of the SDK (test/client/declared.test.ts), whose commands all have one form.
    send: (name, input, abortSignal) => {
      const Command = commands[`${name}Command`] as typeof sdk.PutImageCommand
      return client.send(new Command(input as sdk.PutImageCommandInput), abortSignal && { abortSignal })
    },
    inputs: ecrInputs,
    errors: ecrErrors,
    lists: privateLists,
    options,
  })
  return methods as Ecr // by name, for the names and types that the tables of this client are made from
}
