// `stowage admin registry`, by a real server: what each command prints, what clients see afterwards, and how mistakes end.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { run, serve, type Server } from './program.ts'

interface Listed {
  readonly registryId: string
  readonly aliases: readonly { readonly name: string }[]
}

const admin = (server: Server, ...args: readonly string[]) => run(['admin', 'registry', ...args, '--data', server.data])

async function printed(server: Server, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await admin(server, ...args)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, `${args.join(' ')}: ${stderr}`)
  return stdout
}

describe('stowage admin registry', () => {
  test('an alias from asked for to primary, and away again', async (t) => {
    const server = await serve(t, ['--account', '123456789012'])
    assert.equal(
      await printed(server, 'list'),
      'There is no public registry yet: the first public repository makes one.\n',
    )
    assert.equal(await printed(server, 'alias', 'add', 'team-blue', '--pending'), 'team-blue                PENDING\n')
    assert.equal(await printed(server, 'alias', 'approve', 'team-blue'), 'team-blue                ACTIVE\n')
    assert.equal(await printed(server, 'alias', 'primary', 'team-blue'), 'team-blue                ACTIVE, primary\n')
    assert.equal(
      await printed(server, 'alias', 'add', 'docker', '--primary', '--allow-reserved'),
      'docker                   ACTIVE, primary\n',
    )
    assert.equal(await printed(server, 'verify'), await printed(server, 'list'))
    assert.equal(await printed(server, 'display-name', 'Team Blue'), await printed(server, 'list'))
    assert.match(
      await printed(server, 'list'),
      /^123456789012  "Team Blue"  verified\n  [a-z0-9]{8} +ACTIVE, issued\n  team-blue +ACTIVE\n  docker +ACTIVE, primary\n$/,
    )
    assert.equal(await printed(server, 'alias', 'reject', 'team-blue'), 'team-blue                REJECTED\n')
    assert.equal(await printed(server, 'alias', 'remove', 'team-blue'), 'team-blue removed\n')
    await printed(server, 'verify', '--off')
    await printed(server, 'display-name')
    // The command's own output.
    const listed = JSON.parse(await printed(server, 'list', '--json')) as readonly Listed[]
    assert.equal(listed.length, 1)
    for (const { aliases, ...registry } of listed) {
      assert.deepEqual(registry, { registryId: '123456789012', verified: false })
      assert.deepEqual(
        aliases.slice(1).map(({ name }) => name),
        ['docker'],
      )
    }
  })

  test('a registry of another account', async (t) => {
    const server = await serve(t)
    await printed(server, 'alias', 'add', 'other', '--account', '210987654321')
    assert.match(
      await printed(server, 'list'),
      /^210987654321\n  [a-z0-9]{8} +ACTIVE, primary, issued\n  other +ACTIVE\n$/,
    )
  })

  test('what the server refuses is said in its words; what can not be meant is a mistake', async (t) => {
    const server = await serve(t)
    const ends = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await admin(server, ...args)
      return { code, stdout, stderr }
    }
    assert.deepEqual(await ends('alias', 'add', 'aws'), {
      code: 1,
      stdout: '',
      stderr: `stowage: InvalidRegistryAliasException: The alias 'aws' can not be used so: "aws" is a name of AWS or of one of its services\n`,
    })
    assert.deepEqual(await ends('alias', 'remove', 'nobody'), {
      code: 1,
      stdout: '',
      stderr: "stowage: RegistryAliasNotFoundException: There is no alias 'nobody'\n",
    })
    assert.deepEqual(await ends('alias', 'add', 'mine', '--pending', '--primary'), {
      code: 2,
      stdout: '',
      stderr: 'stowage: a pending alias can not be the primary one\n',
    })
    assert.equal((await ends('alias', 'add')).code, 2)
    assert.equal((await ends('alias', 'give', 'mine')).code, 2)
  })

  test('without a server there is nothing to operate', async () => {
    const { code, stderr } = await run(['admin', 'registry', 'list', '--data', '/nonexistent'])
    assert.equal(code, 1)
    assert.match(stderr, /^stowage: no server is running on the data directory \/nonexistent: /)
  })
})
