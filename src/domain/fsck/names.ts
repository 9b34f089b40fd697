import type { FsckServices } from './checking.ts'

/** `123456789012/us-east-1/team/app`; a public one has no region. The id where no such repository is there. */
export async function repositoryNamed(
  { metadata }: Pick<FsckServices, 'metadata'>,
  repositoryId: string,
): Promise<string> {
  const repository = await metadata.read.audit.repository(repositoryId)
  if (!repository) return `repository ${repositoryId}`
  const { accountId, region, name } = repository
  return [accountId, region, name].filter((part) => part !== '').join('/')
}

/** The same with `@sha256:...` of an image or a layer after it. */
export async function imageNamed(
  services: Pick<FsckServices, 'metadata'>,
  { repositoryId, digest }: { readonly repositoryId: string; readonly digest: string },
): Promise<string> {
  return `${await repositoryNamed(services, repositoryId)}@${digest}`
}
