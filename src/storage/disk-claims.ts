// Uploads of which the parts may come to several processes: each asks before it works on one.

/** An upload that is this process's alone until `release`. */
export interface UploadClaim {
  /** Another process may have worked on it since this one did: what is remembered of its bytes is worth nothing. */
  readonly isMoved: boolean
  readonly release: () => void
}

export interface UploadClaims {
  /** `undefined` while another process works on it. */
  readonly claim: (uploadId: string) => Promise<UploadClaim | undefined>
}
