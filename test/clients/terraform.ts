// Terraform's AWS provider, where this machine has it: it is never fetched. One process of the provider serves every command of a test
// ("debugging providers"): Terraform would start one for each step of each command, after reading 700 MB to check them, and each would make
// the schemas of all of AWS anew. https://developer.hashicorp.com/terraform/plugin/debugging

import { globSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { findProgram, type RunResult, type Sandbox } from '../support/client.ts'
import { startDaemon } from './daemon.ts'

/** Where providers are kept unpacked for `filesystem_mirror` (https://developer.hashicorp.com/terraform/cli/config/config-file). */
const mirrors = [
  process.env['STOWAGE_TERRAFORM_MIRROR'] ?? '',
  join(homedir(), '.terraform.d/plugins'),
  '/usr/local/share/terraform/plugins',
  '/usr/share/terraform/plugins',
  '/opt/tf-plugins',
]
const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`
const [provider] = mirrors.flatMap((mirror) =>
  mirror === ''
    ? []
    : globSync(join(mirror, 'registry.terraform.io/hashicorp/aws/*', platform, 'terraform-provider-aws_v*')),
)

/** What to give node:test as `skip`. */
export function skipUnlessTerraform(): string | false {
  if (findProgram('terraform') === undefined) return 'terraform is not installed'
  return provider === undefined ? 'no directory of Terraform providers holds hashicorp/aws, unpacked' : false
}

export interface Terraform {
  /** Runs a command that must succeed; what it prints is the answer. */
  readonly succeed: (args: readonly string[], variables?: Variables) => Promise<string>
  /** Runs a command; any exit code is an answer. */
  readonly run: (args: readonly string[], variables?: Variables) => Promise<RunResult>
  readonly stop: () => Promise<void>
}

/** Values of the configuration's variables. The provider signs with what its block says, not with the environment of a command. */
export type Variables = Readonly<Record<string, string>>

/** Starts the provider and makes a configuration ready in a directory of its own. */
export async function openTerraform(sandbox: Sandbox, configuration: string): Promise<Terraform> {
  // A heap of 1.5 GiB before it is collected at all: that halves the processor's time, most of which is schemas.
  const command = ['env', 'GOGC=off', 'GOMEMLIMIT=1500MiB', provider ?? '', '-debug'] as const
  let attached: string | undefined
  const daemon = await startDaemon(sandbox, command, async () => {
    attached = /TF_REATTACH_PROVIDERS='([^']+)'/.exec(readFileSync(sandbox.path('daemon.log'), 'utf8'))?.[1]
    return attached !== undefined
  })
  const directory = sandbox.path('terraform')
  await mkdir(directory)
  await writeFile(join(directory, 'main.tf'), configuration)
  const env = { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_REATTACH_PROVIDERS: attached ?? '' }
  const run = ([name = '', ...args]: readonly string[], variables: Variables = {}): Promise<RunResult> => {
    const values = Object.fromEntries(Object.entries(variables).map(([key, value]) => [`TF_VAR_${key}`, value]))
    const options = { cwd: directory, env: { ...env, ...values }, timeoutMs: 110_000 }
    return sandbox.run('terraform', [name, '-no-color', ...args], options)
  }
  const succeed = async (args: readonly string[], variables?: Variables): Promise<string> => {
    const { code, stdout, stderr } = await run(args, variables)
    if (code !== 0) throw new Error(`terraform ${args.join(' ')}\nended with ${code}\n${stdout}\n${stderr}`)
    return stdout
  }
  await succeed(['init', '-input=false'])
  return { run, succeed, stop: daemon.stop }
}
