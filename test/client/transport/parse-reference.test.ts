import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseReference } from '../../../src/client/transport/parse-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`
const options = { ecrHosts: ['localhost:4510'], ecrPublicHosts: ['localhost:4511'] }

test('references, by what they name', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['oci:dir', { kind: 'oci', path: 'dir' }],
    ['oci:/a/dir:v1', { kind: 'oci', path: '/a/dir', tag: 'v1' }],
    ['oci:dir:docker.io/library/app:v1', { kind: 'oci', path: 'dir', tag: 'docker.io/library/app:v1' }],
    [`oci:dir@${digest}`, { kind: 'oci', path: 'dir', digest }],
    ['oci:a@b', { kind: 'oci', path: 'a@b' }],
    ['oci-archive:a.tar:v1', { kind: 'oci-archive', path: 'a.tar', tag: 'v1' }],
    ['docker-archive:a.tar', { kind: 'docker-archive', path: 'a.tar' }],
    ['docker-archive:a.tar:app:v1', { kind: 'docker-archive', path: 'a.tar', tag: 'app:v1' }],
    ['docker://ghcr.io/o/app', { kind: 'registry', host: 'ghcr.io', repository: 'o/app' }],
    ['docker://[::1]:5000/app:v1', { kind: 'registry', host: '[::1]:5000', repository: 'app', tag: 'v1' }],
    [
      `docker://localhost:5000/a/b:v1@${digest}`,
      { kind: 'registry', host: 'localhost:5000', repository: 'a/b', tag: 'v1', digest },
    ],
    [
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1',
      { kind: 'ecr', accountId: '123456789012', region: 'eu-west-1', repository: 'team/app', tag: 'v1' },
    ],
    [
      '123456789012.dkr-ecr.us-east-1.on.aws/app',
      { kind: 'ecr', accountId: '123456789012', region: 'us-east-1', repository: 'app' },
    ],
    [
      '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app',
      { kind: 'ecr', region: 'us-gov-west-1', repository: 'app' },
    ],
    ['localhost:4510/app:v1', { kind: 'ecr', host: 'localhost:4510', accountId: undefined, repository: 'app' }],
    ['ecr://team/app:v1', { kind: 'ecr', host: undefined, repository: 'team/app', tag: 'v1' }],
    ['ecr://localhost:9/app', { kind: 'ecr', host: 'localhost:9', repository: 'app' }],
    [
      'public.ecr.aws/alias/team/app:v1',
      { kind: 'ecr-public', host: 'public.ecr.aws', alias: 'alias', repository: 'team/app' },
    ],
    ['localhost:4511/alias/app', { kind: 'ecr-public', host: 'localhost:4511', alias: 'alias', repository: 'app' }],
  ]
  for (const [text, wanted] of rows) {
    // Compared by the members that the row names.
    const parsed: Readonly<Record<string, unknown>> = { ...parseReference(text, options) }
    const named = Object.fromEntries(Object.keys(wanted).map((name) => [name, parsed[name]]))
    assert.deepEqual(named, wanted, text)
    if (!('tag' in wanted)) assert.equal(parsed['tag'], text.includes(':v1') ? 'v1' : undefined, text)
  }
})

test('what is no reference says why', () => {
  const rows = [
    ['', 'write docker:// for a registry that is not ECR, or oci: for a directory'],
    ['ghcr.io/app', 'write docker://ghcr.io/app for a registry that is not ECR, or oci:ghcr.io/app for a directory'],
    ['docker://app', 'it names no registry'],
    ['docker://user:pw@host/app', 'it names no registry'],
    ['docker://host/App', "'App' cannot be the name of a repository"],
    ['docker://host/a/../b', "'a/../b' cannot be the name of a repository"],
    ['docker://host/app:', "'' cannot be a tag"],
    ['docker://host/app:-x', "'-x' cannot be a tag"],
    ['docker://host/app@sha256:12', "'sha256:12' is no digest of sha256 or sha512"],
    ['public.ecr.aws/app', 'it must be HOST/ALIAS/NAME'],
    ['oci:dir:', 'its tag is empty'],
    ['oci-archive::v1', 'it names no file'],
  ] as const
  for (const [text, reason] of rows) {
    const message = `'${text}' is not a reference to an image: ${reason}.`
    assert.throws(
      () => parseReference(text, options),
      { name: 'TransportError', code: 'InvalidReference', message },
      text,
    )
  }
})
