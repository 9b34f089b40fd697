// What a decision is about: who asks, for what action, on what, in what circumstances.

/** The principal of a request, as IAM tells them apart. */
export interface Principal {
  readonly kind: 'root' | 'user' | 'session' | 'anonymous'
  readonly accountId: string
  /** `arn:aws:iam::<account>:root`, `…:user/<path><name>`, `arn:aws:sts::<account>:assumed-role/<role>/<session>`; empty when anonymous. */
  readonly arn: string
  /** `AIDA...` or `AROA...:<session>`: stored policies name principals by it (see `bindPrincipals`). */
  readonly userId?: string
  /** Of a session: `arn:aws:iam::<account>:role/<path><name>`. */
  readonly roleArn?: string
}

/** A value of a condition key; several where the key has several (`aws:TagKeys`). */
export type KeyValue = string | readonly string[]

export interface AccessRequest {
  readonly principal: Principal
  /** `ecr:PutImage`: the service in lower case. */
  readonly action: string
  /** An ARN, or `*` where IAM knows no resource. */
  readonly resource: string
  /** The account that owns the resource; the principal's own for `*`. */
  readonly resourceAccountId: string
  /** A condition key by its name in lower case; `undefined` when the request does not have it. */
  readonly key: (name: string) => KeyValue | undefined
}
