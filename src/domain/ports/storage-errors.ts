// The failures that a store may report to the domain. Everything else a store throws is a defect and ends as a bare ServerException.

/** No room left (ENOSPC, EDQUOT, EFBIG, SQLITE_FULL, or below the reserve). Nothing was acknowledged; retrying later may succeed. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError'
}

/** The store was locked by someone else for longer than we wait. */
export class StorageBusyError extends Error {
  override readonly name = 'StorageBusyError'
}

/** A row could not go because another one refers to it. Nothing of the transaction stays. */
export class StillReferencedError extends Error {
  override readonly name = 'StillReferencedError'
}

/** An append did not start where the file ends. */
export class UploadOffsetError extends Error {
  override readonly name = 'UploadOffsetError'
  readonly received: number
  constructor(received: number) {
    super(`the upload has ${received} bytes`)
    this.received = received
  }
}

/** Another request is appending to the same upload. */
export class UploadBusyError extends Error {
  override readonly name = 'UploadBusyError'
}

/** An append would make the upload larger than a layer may be. */
export class UploadTooLargeError extends Error {
  override readonly name = 'UploadTooLargeError'
}
