// Terraform's AWS provider, where this machine has it: it is never fetched.

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { findProgram, type Sandbox } from '../support/client.ts'

/** Where providers are kept for `filesystem_mirror` (https://developer.hashicorp.com/terraform/cli/config/config-file). */
const mirrors = [
  process.env['STOWAGE_TERRAFORM_MIRROR'] ?? '',
  join(homedir(), '.terraform.d/plugins'),
  '/usr/local/share/terraform/plugins',
  '/usr/share/terraform/plugins',
  '/opt/tf-plugins',
]
const mirror = mirrors.find((path) => existsSync(join(path, 'registry.terraform.io/hashicorp/aws')))

/** What to give node:test as `skip`. */
export function skipUnlessTerraform(): string | false {
  if (findProgram('terraform') === undefined) return 'terraform is not installed'
  return mirror === undefined ? 'no directory of Terraform providers holds hashicorp/aws' : false
}

/** Runs terraform on a configuration in a directory of its own; what it prints is the answer. */
export async function openTerraform(
  sandbox: Sandbox,
  configuration: string,
): Promise<(...args: readonly string[]) => Promise<string>> {
  const directory = sandbox.path('terraform')
  await mkdir(directory)
  const cliConfig = sandbox.path('terraform.rc')
  await writeFile(cliConfig, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror ?? ''}"\n  }\n}\n`)
  const env = { TF_CLI_CONFIG_FILE: cliConfig, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
  await writeFile(join(directory, 'main.tf'), configuration)
  const run = (...args: readonly string[]): Promise<string> =>
    sandbox.succeed('terraform', args, { cwd: directory, env, timeoutMs: 180_000 })
  await run('init', '-no-color', '-input=false')
  return run
}
