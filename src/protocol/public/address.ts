// What stands before `/manifests/` and the like on the public side: `<alias>/<repository>`.
// https://docs.aws.amazon.com/AmazonECR/latest/public/public-registries.html

export interface Address {
  readonly alias: string
  readonly name: string
}

/** An alias has 2 to 50 characters (model of 2020-10-30, RegistryIdOrAlias). ECR prints this pattern. */
export const aliasPattern = '[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*'
const alias = new RegExp(`^(?=.{2,50}$)${aliasPattern}$`)
/** RepositoryName of the same model. */
const name = /^(?=.{2,205}$)(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/

/** Longer than any address; nothing longer is looked at. */
const charactersMax = 256

/** Whether to read it as an address at all: what is wrong with it is told by `parseAddress`. */
export function isAddress(text: string): boolean {
  return text !== '' && text.length <= charactersMax
}

export function parseAddress(text: string): Address | 'invalid-alias' | 'invalid-name' {
  const slash = text.indexOf('/')
  const parts = { alias: slash < 0 ? text : text.slice(0, slash), name: slash < 0 ? '' : text.slice(slash + 1) }
  if (!alias.test(parts.alias)) return 'invalid-alias'
  return name.test(parts.name) ? parts : 'invalid-name'
}
