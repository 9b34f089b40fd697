// Terraform with the AWS provider: create a repository, find no drift, destroy it. The provider is never fetched.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'

import { useStowage } from './setting.ts'
import { openTerraform, skipUnlessTerraform } from './terraform.ts'

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

describe('terraform', { skip: skipUnlessTerraform() }, () => {
  const setting = useStowage()

  test('applies, finds no drift and destroys a repository', async () => {
    const terraform = await openTerraform(setting.sandbox, configuration(setting.stowage.origin))
    assert.match(await terraform('apply', '-no-color', '-input=false', '-auto-approve'), /Resources: 1 added/)
    // 0 says that nothing is to change, 2 that something is.
    await terraform('plan', '-no-color', '-input=false', '-detailed-exitcode')
    assert.equal(await terraform('output', '-raw', 'url'), `localhost:${setting.stowage.port}/terraform/app`)

    assert.match(await terraform('destroy', '-no-color', '-input=false', '-auto-approve'), /1 destroyed/)
    assert.deepEqual((await setting.stowage.ecr.send(new DescribeRepositoriesCommand({}))).repositories, [])
  })
})
