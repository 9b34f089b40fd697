import type { Limits } from './context.ts'

const MiB = 1024 * 1024
const hourMs = 60 * 60 * 1000

/** ECR's quotas (user guide, "Amazon ECR service quotas"); the lives of uploads and leases are ours, AWS documents none. */
export const ecrLimits: Limits = {
  repositoriesPerRegistry: 100_000,
  imagesPerRepository: 100_000,
  tagsPerImage: 1000,
  resourceTags: 50,
  layerBytesMax: 52_000 * MiB,
  layerPartsMax: 4200,
  partBytesMin: 5 * MiB,
  partBytesAdvised: 10 * MiB,
  manifestBytesMax: 4 * MiB,
  openUploadsPerAccount: 1000,
  uploadLifeMs: 24 * hourMs,
  leaseMs: 24 * hourMs,
  undeleteMs: 0,
  tokenLifeMs: 12 * hourMs,
  layerUrlLifeMs: hourMs,
}

/** Quotas of public registries. */
export const ecrPublicLimits: Limits = {
  ...ecrLimits,
  repositoriesPerRegistry: 10_000,
  layerBytesMax: 10_000 * MiB,
  layerPartsMax: 1000,
}
