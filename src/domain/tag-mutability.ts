// Which tags may move. Rules: user guide, "Preventing image tags from being overwritten in Amazon ECR".

import { fail } from '../model/errors.ts'
import type { RepositorySettings, TagMutability } from './ports/metadata.ts'

/** True when `tag`, being taken by one image, may be given to another. */
export function mayMove(
  settings: Pick<RepositorySettings, 'tagMutability' | 'exclusionFilters'>,
  tag: string,
): boolean {
  const excluded = () => settings.exclusionFilters.some((filter) => matchesWildcard(filter, tag))
  switch (settings.tagMutability) {
    case 'MUTABLE':
      return true
    case 'IMMUTABLE':
      return false
    case 'IMMUTABLE_WITH_EXCLUSION':
      return excluded()
    case 'MUTABLE_WITH_EXCLUSION':
      return !excluded()
  }
}

/** Mode and filters belong together: the modes with exclusion need filters, the plain ones refuse them. */
export function checkMutability(mode: TagMutability, filters: readonly string[] | undefined): readonly string[] {
  const parameter = 'ImageTagMutabilityExclusionFilters'
  if (mode.endsWith('_WITH_EXCLUSION')) {
    if (filters === undefined || filters.length === 0) {
      fail('InvalidParameterException', {
        parameter,
        constraint: `ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as ${mode}`,
      })
    }
    return filters
  }
  if (filters !== undefined && filters.length > 0) {
    fail('InvalidParameterException', {
      parameter,
      constraint: `ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as ${mode}`,
    })
  }
  return []
}

/** Whether `text` matches `pattern` as a whole, `*` standing for any characters. Linear: the last star alone is revisited. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let starText = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      starText = t
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++starText
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
