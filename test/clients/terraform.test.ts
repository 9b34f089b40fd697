// Terraform with the AWS provider, by users with AWS's managed policies: one with all rights creates repositories and policies, private and
// public, finds no drift, and destroys them; one without the rights is told of each that is missing. One configuration, because each command
// takes the provider seconds of work, whatever there is to do.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

import { DescribeRepositoriesCommand, GetRegistryPolicyCommand, GetRepositoryPolicyCommand } from '@aws-sdk/client-ecr'

import { attachPolicy } from '../../src/operations/admin/identities/attach-policy.ts'
import { createPolicy } from '../../src/operations/admin/identities/create-policy.ts'
import { pngOf } from '../operations/public/calls.ts'
import { allowCrossAccountPush, allowReplication, publicFullAccess } from './sample-policies.ts'
import { account, arnOf, otherAccount, refusal, type SampleCaller } from './sample-rights.ts'
import { useSamples } from './sample-setting.ts'
import { configurationOf } from './terraform-configuration.ts'
import { openTerraform, skipUnlessTerraform, type Terraform, type Variables } from './terraform.ts'

describe('terraform', { skip: skipUnlessTerraform() }, () => {
  const { setting, admin, keyOf } = useSamples()
  let terraform: Terraform
  const as = (who: SampleCaller): Variables => {
    const { accessKeyId, secretAccessKey } = keyOf(who)
    return { access_key: accessKeyId, secret_key: secretAccessKey }
  }
  before(async () => {
    const { call } = admin()
    const policyDocument = JSON.stringify(publicFullAccess)
    const { policy } = await call(createPolicy, { accountId: account, policyName: 'public', policyDocument })
    const user = { accountId: account, identityType: 'user', identityName: 'full-access' } as const
    await call(attachPolicy, { ...user, policyArn: policy.policyArn })
    terraform = await openTerraform(
      setting.sandbox,
      configurationOf(setting.stowage.origin, pngOf(60, 60).toString('base64')),
    )
    setting.onEnd(terraform.stop)
  })

  const policies = async (): Promise<readonly unknown[]> => {
    const { ecr } = setting.stowage
    const repository = await ecr.send(new GetRepositoryPolicyCommand({ repositoryName: 'terraform/app' }))
    const registry = await ecr.send(new GetRegistryPolicyCommand({}))
    return [repository, registry].map(({ policyText = '' }) => JSON.parse(policyText))
  }

  test('applies', async () => {
    const said = await terraform.succeed(['apply', '-input=false', '-auto-approve'], as('full-access'))
    assert.match(said, /Resources: 6 added/)
    assert.match(said, new RegExp(`^url = "localhost:${setting.stowage.port}/terraform/app"$`, 'm'))
    assert.match(said, /^public_uri = "localhost:\d+\/([a-z][0-9]){4}\/terraform\/app"$/m)
    const put = [allowCrossAccountPush(otherAccount), allowReplication(otherAccount, arnOf('prod-*'))]
    assert.deepEqual(await policies(), put)
    assert.equal(await terraform.succeed(['output', '-raw', 'public_user']), 'AWS')
  })

  test('finds no drift', async () => {
    // 0 says that nothing is to change, 2 that something is.
    await terraform.succeed(['plan', '-input=false', '-detailed-exitcode'], as('full-access'))
  })

  test('shows what a user may not do', async () => {
    const before = await policies()
    const flags = ['-input=false', '-auto-approve', '-refresh=false']
    const { code, stderr } = await terraform.run(['apply', ...flags], { ...as('power-user'), changed: 'true' })
    assert.equal(code, 1)
    // Terraform breaks lines, and draws a frame.
    const said = stderr.replace(/[\s│╷╵]+/g, ' ')
    for (const [action, resource] of [
      ['ecr:CreateRepository', arnOf('terraform/more')],
      ['ecr:SetRepositoryPolicy', arnOf('terraform/app')],
      ['ecr:PutRegistryPolicy', '*'],
    ] as const) {
      const sentence = refusal('power-user', action, resource, 'no identity')
      assert.ok(said.includes(`AccessDeniedException: ${sentence}`), `${action}: ${stderr}`)
    }
    assert.deepEqual(await policies(), before)
  })

  test('destroys', async () => {
    const flags = ['-input=false', '-auto-approve', '-refresh=false']
    assert.match(await terraform.succeed(['destroy', ...flags], as('full-access')), /6 destroyed/)
    const { repositories = [] } = await setting.stowage.ecr.send(new DescribeRepositoriesCommand({}))
    assert.deepEqual(
      repositories.filter(({ repositoryName = '' }) => repositoryName.startsWith('terraform/')),
      [],
    )
    await assert.rejects(policies(), { name: 'RepositoryNotFoundException' })
  })
})
