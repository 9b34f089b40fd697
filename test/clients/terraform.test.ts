// Terraform with the AWS provider: create a repository, find no drift, destroy it. The provider is never fetched.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'

import { findProgram } from '../support/client.ts'
import { useStowage } from './setting.ts'

/** Where providers are kept for `filesystem_mirror` (https://developer.hashicorp.com/terraform/cli/config/config-file). */
const mirrors = [
  process.env['STOWAGE_TERRAFORM_MIRROR'] ?? '',
  join(homedir(), '.terraform.d/plugins'),
  '/usr/local/share/terraform/plugins',
  '/usr/share/terraform/plugins',
  '/opt/tf-plugins',
]
const mirror = mirrors.find((path) => existsSync(join(path, 'registry.terraform.io/hashicorp/aws')))

function skipReason(): string | false {
  if (findProgram('terraform') === undefined) return 'terraform is not installed'
  return mirror === undefined ? 'no directory of Terraform providers holds hashicorp/aws' : false
}

const configuration = (endpoint: string): string => `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {
    ecr = "${endpoint}"
    sts = "${endpoint}"
  }
}
resource "aws_ecr_repository" "app" {
  name                 = "terraform/app"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  tags = {
    team = "a"
  }
}
output "url" {
  value = aws_ecr_repository.app.repository_url
}
`

describe('terraform', { skip: skipReason() }, () => {
  const setting = useStowage()

  test('applies, finds no drift and destroys a repository', async () => {
    const directory = setting.sandbox.path('terraform')
    await mkdir(directory)
    const cliConfig = setting.sandbox.path('terraform.rc')
    await writeFile(cliConfig, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror ?? ''}"\n  }\n}\n`)
    const env = { TF_CLI_CONFIG_FILE: cliConfig, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
    const terraform = (...args: readonly string[]): Promise<string> =>
      setting.sandbox.succeed('terraform', args, { cwd: directory, env, timeoutMs: 120_000 })
    await writeFile(join(directory, 'main.tf'), configuration(setting.stowage.origin))

    await terraform('init', '-no-color', '-input=false')
    assert.match(await terraform('apply', '-no-color', '-input=false', '-auto-approve'), /Resources: 1 added/)
    // 0 says that nothing is to change, 2 that something is.
    await terraform('plan', '-no-color', '-input=false', '-detailed-exitcode')
    assert.equal(await terraform('output', '-raw', 'url'), `localhost:${setting.stowage.port}/terraform/app`)

    assert.match(await terraform('destroy', '-no-color', '-input=false', '-auto-approve'), /1 destroyed/)
    assert.deepEqual((await setting.stowage.ecr.send(new DescribeRepositoriesCommand({}))).repositories, [])
  })
})
