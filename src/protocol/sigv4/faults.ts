// Every sentence with which a signature is refused. Where it comes from stands beside it:
// [seen] in service answers and SDK issue logs, [guessed] where no answer of AWS is known.

import { hash } from 'node:crypto'

import { formatAmzDate } from './time.ts'

/** Why a signature in the `Authorization` header is refused; the kind is the `__type` of the answer. */
export interface SigV4Fault {
  readonly kind:
    | 'MissingAuthenticationTokenException'
    | 'IncompleteSignatureException'
    | 'UnrecognizedClientException'
    | 'InvalidSignatureException'
    | 'ExpiredTokenException'
  readonly message: string
}

/** Why a presigned URL is refused, in the words of S3, because its clients expect S3 there. */
export interface QueryFault {
  readonly kind:
    | 'AuthorizationQueryParametersError'
    | 'InvalidArgument'
    | 'AccessDenied'
    | 'SignatureDoesNotMatch'
    | 'RequestTimeTooSkewed'
  readonly status: 400 | 403
  readonly message: string
}

const echoMax = 256

/** What may be repeated of the client's input: enough to recognise it, never a whole header. */
function echo(text: string): string {
  return text.slice(0, echoMax)
}

function incomplete(message: string): SigV4Fault {
  return { kind: 'IncompleteSignatureException', message }
}

function invalid(message: string): SigV4Fault {
  return { kind: 'InvalidSignatureException', message }
}

/** AWS repeats the header hashed since 2023, so that a password sent by mistake does not come back in clear [seen]. */
function aboutAuthorization(message: string, authorization: string): SigV4Fault {
  const digest = hash('sha256', authorization, 'base64')
  return incomplete(`${message} (Hashed with SHA-256 and encoded with Base64) Authorization=${digest}`)
}

export const headerFaults = {
  /** [seen] */
  missing: (): SigV4Fault => ({ kind: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' }),

  /** [seen] for each field; the names are those that the header lacks. */
  lacksFields: (names: readonly string[], authorization: string) =>
    aboutAuthorization(
      names.map((name) => `Authorization header requires '${name}' parameter.`).join(' '),
      authorization,
    ),
  /** [guessed] */
  algorithm: (authorization: string) =>
    aboutAuthorization(`Authorization header requires algorithm 'AWS4-HMAC-SHA256'.`, authorization),
  /** [guessed] */
  fields: (authorization: string) =>
    aboutAuthorization(
      `Authorization header must consist of 'Credential', 'SignedHeaders' and 'Signature', each once, as key=value.`,
      authorization,
    ),
  /** [guessed] */
  tooLong: (bytesMax: number) => incomplete(`Authorization header must not be longer than ${bytesMax} bytes.`),
  /** [guessed] */
  repeated: (name: string) => incomplete(`Header '${echo(name)}' must not be repeated.`),
  /** [guessed]; S3 says the like as InvalidArgument. */
  twoSignatures: () =>
    incomplete(`Only one auth mechanism allowed; use either the Authorization header or the query string parameters.`),

  /** [seen] for a request with neither; we hold to `x-amz-date`, which every client sends. */
  dateMissing: (authorization: string) =>
    aboutAuthorization(`Authorization header requires existence of a 'X-Amz-Date' header.`, authorization),
  /** [seen] */
  dateForm: (text: string) =>
    incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${echo(text)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    ),
  /** [seen] */
  expired: (signedAtMs: number, nowMs: number, skewMs: number) =>
    invalid(
      `Signature expired: ${formatAmzDate(signedAtMs)} is now earlier than ${formatAmzDate(nowMs - skewMs)} ` +
        `(${formatAmzDate(nowMs)} - ${skewMs / 60_000} min.)`,
    ),
  /** [seen] */
  notYet: (signedAtMs: number, nowMs: number, skewMs: number) =>
    invalid(
      `Signature not yet current: ${formatAmzDate(signedAtMs)} is still later than ${formatAmzDate(nowMs + skewMs)} ` +
        `(${formatAmzDate(nowMs)} + ${skewMs / 60_000} min.)`,
    ),

  /** [seen] with the code IncompleteSignature on IAM; here every fault of the scope has one code. */
  credentialForm: (credential: string) =>
    invalid(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, ` +
        `got '${echo(credential)}'`,
    ),
  /** [seen], joined as AWS joins them; `sentences` are made by `scopeSentences`. */
  scope: (sentences: readonly string[]) => invalid(sentences.join('')),

  /** [seen] */
  hostNotSigned: () => invalid(`'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.`),
  /** [guessed], after the sentence for the host */
  headerNotSigned: (name: string) => invalid(`'${echo(name)}' must be a 'SignedHeader' in the AWS Authorization.`),
  /** [guessed] */
  signedHeadersForm: (namesMax: number) =>
    invalid(`SignedHeaders must be at most ${namesMax} lower-case header names, sorted, each once, separated by ';'.`),
  /** [guessed] */
  headerAbsent: (name: string) => invalid(`The signed header '${echo(name)}' is not in the request.`),
  /** [seen] */
  mismatch: () =>
    invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
        'and signing method. Consult the service documentation for details.',
    ),

  /** [seen] */
  unrecognized: (): SigV4Fault => ({
    kind: 'UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  }),
  /** [seen] */
  tokenExpired: (): SigV4Fault => ({
    kind: 'ExpiredTokenException',
    message: 'The security token included in the request is expired',
  }),
}

/** The sentences about a scope, each with the blank that AWS leaves behind it [seen]. */
export const scopeSentences = {
  region: () => 'Credential should be scoped to a valid region. ',
  service: (services: readonly string[]) =>
    `Credential should be scoped to correct service: ${services.map((name) => `'${name}'`).join(' or ')}. `,
  terminator: (given: string) =>
    `Credential should be scoped with a valid terminator: 'aws4_request', not '${echo(given)}'. `,
  date: (given: string, amzDate: string) =>
    `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ` +
    `'${echo(given)}' != '${amzDate.slice(0, 8)}', from '${amzDate}'. `,
}

function parameter(message: string): QueryFault {
  return { kind: 'AuthorizationQueryParametersError', status: 400, message }
}

/** S3's sentences [seen], except where marked. */
export const queryFaults = {
  missing: () =>
    parameter(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, ' +
        'X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    ),
  algorithm: () => parameter('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'),
  twoSignatures: (): QueryFault => ({
    kind: 'InvalidArgument',
    status: 400,
    message:
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or ' +
      'the Authorization header should be specified',
  }),
  dateForm: () => parameter(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`),
  expiresForm: () => parameter('X-Amz-Expires should be a number'),
  /** [guessed] the number 1; S3 says "must be non-negative" of those below 0. */
  expiresTooSmall: () => parameter('X-Amz-Expires must be at least 1 second'),
  /** [guessed]: S3 says that it "must be less than a week", here the limit is the caller's. */
  expiresTooLarge: (secondsMax: number) => parameter(`X-Amz-Expires must be at most ${secondsMax} seconds`),
  credentialForm: () =>
    parameter(
      'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting ' +
        '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ),
  credentialDate: (given: string, amzDate: string) =>
    parameter(
      `Invalid credential date "${echo(given)}". This date is not the same as X-Amz-Date: "${amzDate.slice(0, 8)}".`,
    ),
  credentialService: (given: string, service: string) =>
    parameter(
      `Error parsing the X-Amz-Credential parameter; incorrect service "${echo(given)}". ` +
        `This endpoint belongs to "${service}".`,
    ),
  credentialTerminator: (given: string) =>
    parameter(
      `Error parsing the X-Amz-Credential parameter; incorrect terminal "${echo(given)}". ` +
        `This endpoint uses "aws4_request".`,
    ),
  /** [guessed] */
  signedHeadersForm: () => parameter('X-Amz-SignedHeaders must be sorted lower-case header names and hold "host"'),
  headersNotSigned: (): QueryFault => ({
    kind: 'AccessDenied',
    status: 403,
    message: 'There were headers present in the request which were not signed',
  }),
  expired: (): QueryFault => ({ kind: 'AccessDenied', status: 403, message: 'Request has expired' }),
  tooEarly: (): QueryFault => ({
    kind: 'RequestTimeTooSkewed',
    status: 403,
    message: 'The difference between the request time and the current time is too large.',
  }),
  mismatch: (): QueryFault => ({
    kind: 'SignatureDoesNotMatch',
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  }),
}
