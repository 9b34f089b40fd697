import { CommandError } from '../command-error.ts'
import type { FoundRegistry, Session } from './session.ts'

/** The password of user AWS at a registry of ECR. Throws a CommandError, and what the clients' `call` throws. */
export async function fetchRegistryPassword(session: Session, registry: FoundRegistry): Promise<string> {
  const token = await fetchToken(session, registry)
  const [user, password] = Buffer.from(token ?? '', 'base64')
    .toString()
    .split(/:(.*)/s)
  if (user === 'AWS' && password !== undefined && password !== '') return password
  throw new CommandError(`${registry.host} gave no password`)
}

async function fetchToken(session: Session, registry: FoundRegistry): Promise<string | undefined> {
  if (registry.kind === 'public') {
    const ecrPublic = await session.ecrPublic({ host: registry.host })
    return (await ecrPublic.call('GetAuthorizationToken', {})).authorizationData?.authorizationToken
  }
  const ecr = await session.ecr(registry)
  const input = registry.accountId === undefined ? {} : { registryIds: [registry.accountId] }
  return (await ecr.call('GetAuthorizationToken', input)).authorizationData?.[0]?.authorizationToken
}
