import { blob, boolean, list, optional, string, struct } from '../../schema.ts'

export const description = string({ min: 0, max: 1024 })
export const architectures = list(string({ min: 1, max: 50 }), { min: 0, max: 50 })
export const operatingSystems = list(string({ min: 1, max: 50 }), { min: 0, max: 50 })
const text = string({ min: 0, max: 25_600 })

export const repositoryCatalogDataInput = struct({
  description: optional(description),
  architectures: optional(architectures),
  operatingSystems: optional(operatingSystems),
  logoImageBlob: optional(blob({ min: 0, max: 512_000 })),
  aboutText: optional(text),
  usageText: optional(text),
})

/** What catalog data shows, to clients of the API and in the gallery. */
export const catalogDataMembers = {
  description: optional(description),
  architectures: optional(architectures),
  operatingSystems: optional(operatingSystems),
  logoUrl: optional(string({ min: 0, max: 2048 })),
  aboutText: optional(text),
  usageText: optional(text),
  marketplaceCertified: optional(boolean()),
}
export const repositoryCatalogData = struct(catalogDataMembers)

export const displayName = string({ min: 0, max: 100 })
export const registryCatalogData = struct({ displayName: optional(displayName) })
