import type { AdminCall } from '../admin/admin-call.ts'

/** One change: what is printed of it, and how it is made. */
export interface Step {
  readonly line: string
  readonly run: (call: AdminCall['call'], keepKey: KeepKey) => Promise<void>
}

/** Where the secret of a new key goes. */
export type KeepKey = (key: {
  readonly accountId: string
  readonly userName: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}) => Promise<void>
