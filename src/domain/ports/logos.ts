// What the domain asks of the store of logos: small PNG files that the gallery shows. Rows of the catalog say which ones are in use.

export interface Logos {
  /** Keeps the file: durable when this resolves. A name is used once. Throws `StorageFullError`. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** The file's bytes; `undefined` for a name that nobody put. */
  read(name: string): Promise<Uint8Array | undefined>
  /** Names of the files and when they were put, one batch at a time. For recovery only. */
  list(): AsyncIterable<readonly { readonly name: string; readonly putAtMs: number }[]>
  /** A missing file is fine. */
  remove(name: string): Promise<void>
}
