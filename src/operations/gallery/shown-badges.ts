import { shownArchitectures, shownOperatingSystems } from '../../domain/ports/gallery.ts'
import type { CatalogData } from '../../domain/ports/metadata.ts'

/** Architectures and systems that the gallery has a badge for; other ones are kept and shown to nobody (user guide, "Repository catalog data"). */
export function shownBadges({
  architectures,
  operatingSystems,
}: Pick<CatalogData, 'architectures' | 'operatingSystems'>): {
  readonly architectures: readonly string[]
  readonly operatingSystems: readonly string[]
} {
  return {
    architectures: shownArchitectures.filter((name) => architectures?.includes(name)),
    operatingSystems: shownOperatingSystems.filter((name) => operatingSystems?.includes(name)),
  }
}
