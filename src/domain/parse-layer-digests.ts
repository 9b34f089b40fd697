import { algorithmOf, parseDigest, type Digest } from '../lib/digest.ts'
import { fail } from '../model/errors.ts'

/** The digests a layer is to have: at most one of each algorithm, for two of one cannot both be right. Fails with InvalidParameter. */
export function parseLayerDigests(texts: readonly string[]): readonly Digest[] {
  const invalid = (constraint: string) => fail('InvalidParameterException', { parameter: 'layerDigests', constraint })
  const digests = [...new Set(texts)].map(
    (text) => parseDigest(text) ?? invalid(`'${text.slice(0, 100)}' is not a supported digest`),
  )
  if (new Set(digests.map(algorithmOf)).size < digests.length) invalid('must not hold several digests of one algorithm')
  return digests
}
