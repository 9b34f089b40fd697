// The audit log: who did what, with what outcome, in the form of CloudTrail's records, so that what reads those reads these.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

/** What is recorded: every operation; changes, denials and the giving of credentials; or nothing. */
export type AuditLevel = 'all' | 'changes' | 'off'

/** Who called, as CloudTrail's `userIdentity` has it. */
export interface AuditIdentity {
  readonly type: 'Root' | 'IAMUser' | 'AssumedRole' | 'AWSAccount'
  readonly principalId: string
  readonly arn?: string
  readonly accountId: string
  readonly accessKeyId?: string
  readonly userName?: string
  /** Of temporary credentials. */
  readonly sessionContext?: {
    readonly sessionIssuer?: {
      readonly type: 'Role'
      readonly principalId: string
      readonly arn: string
      readonly accountId: string
      readonly userName: string
    }
    readonly attributes: { readonly creationDate: string; readonly mfaAuthenticated: 'false' }
    readonly sourceIdentity?: string
  }
}

export interface AuditResource {
  readonly accountId: string
  readonly type: string
  readonly ARN: string
}

/** One record. Never a secret, never the bytes of a layer; no text in it is longer than 2 KiB. */
export interface AuditEvent {
  readonly eventVersion: '1.11'
  readonly userIdentity: AuditIdentity
  /** To the second: when the operation was done. */
  readonly eventTime: string
  readonly eventSource: string
  readonly eventName: string
  readonly awsRegion: string
  readonly sourceIPAddress: string
  readonly userAgent?: string
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly requestParameters: unknown
  /** Of changes; `null` for what only reads, and for what failed. */
  readonly responseElements: unknown
  readonly requestID: string
  readonly eventID: string
  readonly readOnly: boolean
  readonly resources?: readonly AuditResource[]
  readonly eventType: 'AwsApiCall'
  /** Set when the process that did it ended before it told: then what came of it is not known, but for that it changed something. */
  readonly additionalEventData?: { readonly deliveredAfterRestart: true }
  /** The account that owns the resource, or the caller's. */
  readonly recipientAccountId?: string
}

export interface Audit {
  readonly level: AuditLevel
  /**
   * Takes an event, to be written soon. It never waits and never throws: a log that can not be written must not stop the service (row R13). False when
   * too many wait already, and this one is lost; a promise where another process takes it.
   */
  readonly record: (event: AuditEvent) => boolean | Promise<boolean>
  /** Resolves when all that was taken is on the disk, or with false when it can not be written just now. */
  readonly flush: () => Promise<boolean>
}
