// Everything that a call can end with, as values of one closed union. `try` gives them, `call` throws them.

/** What is known of the answer that an error came with. */
export interface AnswerFacts {
  /** The status of the last answer; `undefined` when none came. */
  readonly httpStatus: number | undefined
  readonly requestId: string | undefined
  /** How often it was sent. */
  readonly attempts: number
}

/** An input member that the service would refuse. */
export interface InputFault {
  /** The member's name; below the first level dotted, list members by their number from 1. */
  readonly parameter: string
  /** What the service says of it. */
  readonly message: string
}

/** What can go wrong with any operation beside the errors that it declares. */
export type CommonErrorName = 'Unmodelled' | 'NotJson' | 'Network' | 'Aborted' | 'InvalidInput'

/** The service, or something of ours, answered with an error that the model does not declare for the operation. */
export interface UnmodelledError extends Error, AnswerFacts {
  readonly name: 'Unmodelled'
  /** Its name on the wire, such as `AccessDeniedException`; of a failure before sending that of the JavaScript error (`CredentialsProviderError`). */
  readonly code: string
}
/** Something answered that is not the service: a proxy's page, a captive portal, a broken body. */
export interface NotJsonError extends Error, AnswerFacts {
  readonly name: 'NotJson'
  readonly contentType: string | undefined
  /** The first 1,000 characters of what came. */
  readonly body: string
}
/** No answer came: refused, cut, timed out, unknown host, bad certificate. */
export interface NetworkError extends Error, AnswerFacts {
  readonly name: 'Network'
  /** Node's code (`ECONNREFUSED`, `ECONNRESET`, `ENOTFOUND`, ...) or `TimeoutError`. */
  readonly code: string
}
/** The caller's signal ended the call; `cause` is its reason. */
export interface AbortedError extends Error, AnswerFacts {
  readonly name: 'Aborted'
}
/** The input breaks rules of the service: nothing was sent. */
export interface InvalidInputError extends Error, AnswerFacts {
  readonly name: 'InvalidInput'
  /** Every fault, in the order of the operation's members. */
  readonly faults: readonly InputFault[]
}

export type CommonError = UnmodelledError | NotJsonError | NetworkError | AbortedError | InvalidInputError

/** An answer that is a success, or one of the errors that the operation can have. */
export type Result<Value, Failure> =
  | {
      readonly ok: true
      readonly value: Value
      /** `undefined` where a request handler of the caller's own does not say. */
      readonly httpStatus: number | undefined
      readonly requestId: string | undefined
    }
  | { readonly ok: false; readonly error: Failure }
