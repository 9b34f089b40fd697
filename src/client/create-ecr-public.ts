// A client of the public API, on the official SDK.

import * as sdk from '@aws-sdk/client-ecr-public'
import { ecrPublicErrors } from './declared/ecr-public-errors.ts'
import { ecrPublicInputs } from './declared/ecr-public-inputs.ts'
import { clientOn } from './client-on.ts'
import type { EcrPublic } from './ecr.ts'
import { sdkOptions, type OwnOptions } from './options.ts'
import { publicLists } from './pages.ts'

/** The SDK's options and ours; docs/client-options.md has every one. `region` is us-east-1 unless it is given here. */
export type EcrPublicOptions = Omit<sdk.ECRPUBLICClientConfig, keyof OwnOptions> & OwnOptions

/** The regions where AWS has the public API. Tokens are given in the first alone. https://docs.aws.amazon.com/general/latest/gr/ecr-public.html */
const publicRegions: readonly string[] = ['us-east-1', 'us-west-2']

/** Throws a TypeError for options that contradict each other, and for a region where AWS has no such API. Nothing is sent before the first call. */
export function createEcrPublic(options: EcrPublicOptions = {}): EcrPublic {
  const region = options.region ?? 'us-east-1'
  const isOfAws = options.endpoint === undefined && !hasConfiguredEndpoint(process.env)
  if (isOfAws && typeof region === 'string' && !publicRegions.includes(region)) {
    throw new TypeError(
      `ECR Public is one registry for the whole world, whose API is in ${publicRegions.join(' and ')} only: leave out region (it was '${region}'), or give an endpoint`,
    )
  }
  const client = new sdk.ECRPUBLICClient({ ...sdkOptions(options), region })
  const commands: Readonly<Record<string, unknown>> = sdk
  const methods = clientOn({
    service: 'ecr-public',
    title: 'ECR PUBLIC',
    client,
    // The declared names are those of the SDK (test/client/declared.test.ts), whose commands all have one form.
    send: (name, input, abortSignal) => {
      const Command = commands[`${name}Command`] as typeof sdk.PutImageCommand
      return client.send(new Command(input as sdk.PutImageCommandInput), abortSignal && { abortSignal })
    },
    inputs: ecrPublicInputs,
    errors: ecrPublicErrors,
    lists: publicLists,
    options,
  })
  return methods as EcrPublic // by name, for the names and types that the tables of this client are made from
}

function hasConfiguredEndpoint(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.AWS_ENDPOINT_URL_ECR_PUBLIC) || Boolean(env.AWS_ENDPOINT_URL)
}
