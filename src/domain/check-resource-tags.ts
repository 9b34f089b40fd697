// The rules for tags on repositories. User guide, "Tagging a repository in Amazon ECR".

import { fail } from '../model/errors.ts'
import type { ResourceTag } from './ports/metadata.ts'

const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** Fails with InvalidTagParameter for a key or value that AWS refuses, or a key given twice. */
export function checkResourceTags(tags: readonly ResourceTag[]): void {
  const keys = new Set<string>()
  for (const { key, value } of tags) {
    checkResourceTagKey(key)
    if (value.length > 256) fail('InvalidTagParameterException/value')
    if (!characters.test(value)) fail('InvalidTagParameterException/characters')
    if (keys.has(key)) fail('InvalidTagParameterException/duplicate', { key })
    keys.add(key)
  }
}

/** Fails with InvalidTagParameter for a key that AWS refuses. */
export function checkResourceTagKey(key: string): void {
  if (key.length < 1 || key.length > 128) fail('InvalidTagParameterException/key')
  if (key.toLowerCase().startsWith('aws:')) fail('InvalidTagParameterException/aws')
  if (!characters.test(key)) fail('InvalidTagParameterException/characters')
}
