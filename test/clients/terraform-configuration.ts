// What the Terraform tests apply: private and public repositories, and every kind of policy that ECR has, as AWS's pages have them.

import { allowCrossAccountPush, allowPullThroughCache, allowPushPull, allowReplication } from './sample-policies.ts'
import { account, arnOf, otherAccount } from './sample-rights.ts'

const hcl = (policy: object): string => JSON.stringify(JSON.stringify(policy))

/**
 * Variables: the key of whoever applies it, and `changed`, which is `true` for a repository more, for other policies of ECR's, and for nothing asked
 * of ECR Public. `logo` is base64.
 */
export const configurationOf = (endpoint: string, logo: string): string => `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "access_key" {}
variable "secret_key" {}
variable "changed" {
  default = false
}
provider "aws" {
  access_key                  = var.access_key
  secret_key                  = var.secret_key
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {
    ecr       = "${endpoint}"
    ecrpublic = "${endpoint}"
    sts       = "${endpoint}"
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
resource "aws_ecr_repository" "more" {
  count = var.changed ? 1 : 0
  name  = "terraform/more"
}
resource "aws_ecr_repository_policy" "app" {
  repository = aws_ecr_repository.app.name
  policy     = var.changed ? ${hcl(allowPushPull(account))} : ${hcl(allowCrossAccountPush(otherAccount))}
}
resource "aws_ecr_registry_policy" "all" {
  policy = var.changed ? ${hcl(allowPullThroughCache(account, arnOf('ecr-public/*')))} : ${hcl(allowReplication(otherAccount, arnOf('prod-*')))}
}
output "url" {
  value = aws_ecr_repository.app.repository_url
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
      Principal = { AWS = "arn:aws:iam::${account}:root" }
      Action    = ["ecr-public:PutImage", "ecr-public:InitiateLayerUpload"]
    }]
  })
}
data "aws_ecrpublic_authorization_token" "token" {
  count = var.changed ? 0 : 1
}
output "public_uri" {
  value = aws_ecrpublic_repository.app.repository_uri
}
output "public_user" {
  value     = one(data.aws_ecrpublic_authorization_token.token[*].user_name)
  sensitive = true
}
`
