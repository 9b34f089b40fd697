// Terraform with the AWS provider and ECR Public: repository, catalog data and policy; no drift; destroyed. The provider is never fetched.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { pngOf } from '../operations/public/calls.ts'
import { useStowage } from './setting.ts'
import { openTerraform, skipUnlessTerraform } from './terraform.ts'

const configuration = (endpoint: string, logo: string): string => `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {
    ecrpublic = "${endpoint}"
    sts       = "${endpoint}"
  }
}
resource "aws_ecrpublic_repository" "bare" {
  repository_name = "terraform/bare"
}
resource "aws_ecrpublic_repository" "app" {
  repository_name = "terraform/app"
  catalog_data {
    about_text        = "# About"
    architectures     = ["x86-64"]
    description       = "An image"
    logo_image_blob   = "${logo}"
    operating_systems = ["Linux"]
    usage_text        = "docker pull"
  }
  tags = {
    team = "a"
  }
}
resource "aws_ecrpublic_repository_policy" "app" {
  repository_name = aws_ecrpublic_repository.app.repository_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "push"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = ["ecr-public:PutImage", "ecr-public:InitiateLayerUpload"]
    }]
  })
}
data "aws_ecrpublic_authorization_token" "token" {}
output "uri" {
  value = aws_ecrpublic_repository.app.repository_uri
}
output "user" {
  value     = data.aws_ecrpublic_authorization_token.token.user_name
  sensitive = true
}
`

describe('terraform and ECR Public', { skip: skipUnlessTerraform() }, () => {
  const setting = useStowage()

  test('applies, finds no drift and destroys', async () => {
    const logo = pngOf(60, 60).toString('base64')
    const terraform = await openTerraform(setting.sandbox, configuration(setting.stowage.origin, logo))
    assert.match(await terraform('apply', '-no-color', '-input=false', '-auto-approve'), /Resources: 3 added/)
    // 0 says that nothing is to change, 2 that something is.
    await terraform('plan', '-no-color', '-input=false', '-detailed-exitcode')
    const alias = '([a-z][0-9]){4}'
    assert.match(await terraform('output', '-raw', 'uri'), new RegExp(`^localhost:\\d+/${alias}/terraform/app$`))
    assert.equal(await terraform('output', '-raw', 'user'), 'AWS')
    assert.match(await terraform('destroy', '-no-color', '-input=false', '-auto-approve'), /3 destroyed/)
  })
})
