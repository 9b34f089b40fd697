import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { parseRepositoryArn, partitionOf, repositoryArn } from '../../src/domain/references.ts'

const accountId = '123456789012'

describe('the ARN of a repository', () => {
  for (const { partition, region, name } of [
    { partition: 'aws', region: 'us-east-1', name: 'app' },
    { partition: 'aws', region: 'eu-central-2', name: 'team/app_1.x' },
    { partition: 'aws-cn', region: 'cn-northwest-1', name: 'aa' },
    { partition: 'aws-us-gov', region: 'us-gov-east-1', name: 'a'.repeat(256) },
  ]) {
    test(`${partition} in ${region}: ${name.slice(0, 20)}`, () => {
      const arn = `arn:${partition}:ecr:${region}:${accountId}:repository/${name}`
      const registry = { kind: 'private', accountId, region } as const
      assert.equal(partitionOf(region), partition)
      assert.equal(repositoryArn(registry, name), arn)
      assert.deepEqual(parseRepositoryArn(arn), { registry, name })
    })
  }

  for (const arn of [
    '',
    'app',
    `arn:aws:ecr:us-east-1:${accountId}:repository/`,
    `arn:aws:ecr:us-east-1:${accountId}:repository/a`,
    `arn:aws:ecr:us-east-1:${accountId}:repository/${'a'.repeat(257)}`,
    `arn:aws:ecr:us-east-1:${accountId}:repository`,
    `arn:aws:ecr:us-east-1:${accountId}:registry/app`,
    `arn:aws:ecr:us-east-1:${accountId}0:repository/app`,
    `arn:aws:ecr:us-east-1:12345678901:repository/app`,
    `arn:aws:ecr:us-east-1::repository/app`,
    `arn:aws:ecr::${accountId}:repository/app`,
    `arn:aws:ecr:US-EAST-1:${accountId}:repository/app`,
    `arn:aws:ecr-public:us-east-1:${accountId}:repository/app`,
    `arn:aws:s3:us-east-1:${accountId}:repository/app`,
    `arn:other:ecr:us-east-1:${accountId}:repository/app`,
    `ARN:aws:ecr:us-east-1:${accountId}:repository/app`,
    ` arn:aws:ecr:us-east-1:${accountId}:repository/app`,
    `arn:aws:ecr:us-east-1:${accountId}:repository/app\n`,
    `arn:aws:ecr:us-east-1:${accountId}:repository/ap\np`,
  ]) {
    test(`J9 ${JSON.stringify(arn).slice(0, 80)} is none`, () =>
      assert.throws(() => parseRepositoryArn(arn), {
        name: 'InvalidParameterException',
        message: "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
      }))
  }
})
