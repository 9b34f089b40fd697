// What a person reads when the server has started: where it is, where its data lies, and three lines to copy for a first push.

import type { ServerAddress } from '../server-address.ts'
import { programWords, shellWord } from './shell.ts'
import { version } from './version.ts'

export interface WelcomeOptions extends ServerAddress {
  readonly dev: boolean
  readonly data: string
  /** True when other commands find the data without being told. */
  readonly isDefaultData: boolean
}

export function welcome({
  origin,
  registryHost,
  publicHost,
  account,
  region,
  dev,
  data,
  isDefaultData,
}: WelcomeOptions): string {
  const program = programWords(process.argv[1], process.cwd())
  const place = isDefaultData ? '' : ` --data ${shellWord(data)}`
  const image = `${registryHost}/hello`
  const keys = dev ? 'any access key and any docker password (--dev)' : `${data}/keys.json`
  return `
Stowage ${version}
  API       ${origin}
  registry  ${registryHost}  (account ${account}, region ${region})
  public    ${publicHost}  (everyone may pull)
  data      ${data}
  keys      ${keys}

For a first push, in another shell:
  eval "$(${program} env${place})"
  aws ecr create-repository --repository-name hello
  ${program} login${place} && docker pull hello-world && docker tag hello-world ${image} && docker push ${image}

`
}
