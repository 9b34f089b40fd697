// What `stowage/client` gives of the image transport.

export { copy, pull, push, type CopyOptions } from './copy.ts'
export { copyImage, type CopyImageOptions, type CopyReport } from './copy-image.ts'
export type { Credentials } from './docker-credentials.ts'
export { openPlace, type PlaceOptions } from './open-place.ts'
export { type ImageReference, parseReference, type ReferenceOptions } from './parse-reference.ts'
export type { Descriptor, Manifest, Place, Platform } from './place.ts'
export type { BlobProgress, BlobState, ManifestProgress, TotalProgress, TransferProgress } from './progress.ts'
export { TransportError, type TransportErrorCode } from './transport-error.ts'
