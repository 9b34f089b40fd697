// What went wrong with images, as a sentence and an exit code: 1 failed, 2 asked for wrongly, 3 not found, 4 refused, 130 interrupted.

import { TransportError, type TransportErrorCode } from '../../client/transport/transport-error.ts'
import { CommandError } from '../command-error.ts'

export const exitCodes = { failed: 1, usage: 2, notFound: 3, refused: 4, interrupted: 130, terminated: 143 } as const

const byCode: Partial<Readonly<Record<TransportErrorCode, number>>> = {
  Aborted: exitCodes.interrupted,
  ImageMissing: exitCodes.notFound,
  InvalidReference: exitCodes.usage,
  PlatformMissing: exitCodes.notFound,
  Unauthorized: exitCodes.refused,
}

/** What the library cannot say, because it knows no command line. */
const advices: Partial<Readonly<Record<TransportErrorCode, string>>> = {
  AlreadyExists: ' --force replaces it.',
  Unauthorized: ' "docker login" keeps some for it.',
}

/** What to throw for whatever ended a command about images: a CommandError where the reason is outside of this program, else the defect itself. */
export function imageFailure(error: unknown): unknown {
  if (error instanceof TransportError) {
    const fault = factsOf(error.cause)
    const code = error.code === 'Refused' ? exitCodeOf(fault) : (byCode[error.code] ?? exitCodes.failed)
    const advice = fault.attempts === undefined ? (advices[error.code] ?? '') : ''
    return new CommandError(hintOf(fault) ?? `${error.message}${advice}`, code, error)
  }
  const fault = factsOf(error)
  if (fault.attempts === undefined) return error
  // An error value of `Ecr` or `EcrPublic`.
  return new CommandError(hintOf(fault) ?? `${fault.name}: ${fault.message}`, exitCodeOf(fault), error)
}

/** What an error of the client's has; all of it is absent in others. */
interface Facts {
  readonly name: string
  readonly message: string
  readonly httpStatus: number | undefined
  readonly attempts: number | undefined
}

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { name: '', message: '', httpStatus: undefined, attempts: undefined }
  const { name, message } = error
  const [code, httpStatus, attempts] = ['code', 'httpStatus', 'attempts'].map((member): unknown =>
    Reflect.get(error, member),
  )
  return {
    name: name === 'Unmodelled' || name === 'Network' ? String(code) : name,
    message,
    httpStatus: typeof httpStatus === 'number' ? httpStatus : undefined,
    attempts: typeof attempts === 'number' ? attempts : undefined,
  }
}

function exitCodeOf({ name, httpStatus, attempts }: Facts): number {
  if (name.endsWith('NotFoundException')) return exitCodes.notFound
  if (name === 'InvalidInput') return exitCodes.usage
  if (name === 'Aborted') return exitCodes.interrupted
  if (name === 'CredentialsProviderError') return exitCodes.refused
  // A registry that speaks `/v2/` only has a sentence and no name.
  if (attempts === undefined) return exitCodes.refused
  const isRefusal = httpStatus !== undefined && httpStatus >= clientFault && httpStatus < serverFault
  return isRefusal && httpStatus !== tooMany && name !== 'NotJson' ? exitCodes.refused : exitCodes.failed
}

const [clientFault, serverFault, tooMany] = [400, 500, 429]

/** Where the service's words do not say what to do. */
function hintOf({ name, message }: Facts): string | undefined {
  if (name === 'CredentialsProviderError')
    return `no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or for a server of your own run eval "$(stowage env)" (${message})`
  if (name === 'ExpiredTokenException' || name === 'ExpiredToken')
    return `the AWS credentials have expired: get new ones and run the same command again, which goes on where it was (${message})`
  if (message === 'Region is missing') return 'no region is set: give --region, or set AWS_REGION'
  return undefined
}
