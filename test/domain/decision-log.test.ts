// What the log is told of decisions: enough to see why, and nothing that a client sent but what it asked for.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { DecisionLine } from '../../src/domain/authorisation/decision-log.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { deleteRepository } from '../../src/operations/private/delete-repository.ts'
import { describeRegistry } from '../../src/operations/private/describe-registry.ts'
import { openRegistry } from '../operations/calls.ts'
import { allow, givenUser, policyArn, repositoryArn } from '../operations/admin/identity-calls.ts'

test('each decision is one line with its verdict, the statement that decided, and each step', async (t) => {
  const registry = await openRegistry(t)
  const lines: DecisionLine[] = []
  const { caller } = await givenUser(
    registry,
    'ann',
    { ...allow('ecr:CreateRepository', repositoryArn('*')), Sid: 'Create' },
    {
      Effect: 'Deny',
      Action: 'ecr:DeleteRepository',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  )
  const ctx = {
    ...registry.ctx({ caller, client: { address: '192.0.2.7', userAgent: 'a secret agent', isSecure: false } }),
    onDecision: (line: DecisionLine) => void lines.push(line),
  }
  await registry.perform(createRepository, { repositoryName: 'app' }, ctx)
  await assert.rejects(registry.perform(deleteRepository, { repositoryName: 'app' }, ctx))
  await assert.rejects(registry.perform(describeRegistry, {}, ctx))
  const step = { kind: 'identity-based policy', policy: policyArn('of-ann'), namedAs: 'self' } as const
  const first = { ...step, statement: 1, sid: 'Create', effect: 'Allow' } as const
  const second = { ...step, statement: 2, sid: undefined, effect: 'Deny' } as const
  const said = { requestId: ctx.requestId, principal: caller.arn, by: 'identity-based policy', stepsLeftOut: 0 }
  assert.deepEqual(lines, [
    {
      ...said,
      action: 'ecr:CreateRepository',
      resource: repositoryArn('app'),
      verdict: 'allowed',
      decidedBy: { ...first, missed: undefined },
      steps: [
        { ...first, missed: undefined },
        { ...second, missed: 'action' },
      ],
    },
    {
      ...said,
      action: 'ecr:DeleteRepository',
      resource: repositoryArn('app'),
      verdict: 'denied',
      decidedBy: { ...second, missed: undefined },
      steps: [
        { ...first, missed: 'action' },
        { ...second, missed: undefined },
      ],
    },
    {
      ...said,
      action: 'ecr:DescribeRegistry',
      resource: '*',
      verdict: 'not allowed',
      decidedBy: undefined,
      steps: [
        { ...first, missed: 'action' },
        { ...second, missed: 'action' },
      ],
    },
  ])
  assert.doesNotMatch(JSON.stringify(lines), /secret|192\.0\.2\.7/)
})
