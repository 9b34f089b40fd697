// `stowage admin account|user|group|role|policy|key|apply|explain`: the options of each command; what they do is loaded when it is called for.

import { Option, type Command } from 'commander'

import type { IdentityType } from '../../domain/ports/identities.ts'
import type { Flags } from '../with-settings.ts'
import { connect, onServer, type Options } from './connect.ts'

export function addIdentityCommands(admin: Command): void {
  addAccountCommands(admin.command('account').description('Accounts: names, organizations'))
  addTypeCommands(admin.command('user').description('Users: made, changed, deleted'), 'user')
  addTypeCommands(
    admin.command('group').description('Groups: their policies are those of each of their users'),
    'group',
  )
  addTypeCommands(admin.command('role').description('Roles: what sessions may do, and who may open one'), 'role')
  addPolicyCommands(admin.command('policy').description('Managed policies of an account'))
  addKeyCommands(admin.command('key').description('Access keys of users'))
  addFileCommands(admin)
}

const list = (value: string, others: readonly string[] | undefined): readonly string[] => [...(others ?? []), value]

/** A command on the server, with `--json` and the account. */
function command(parent: Command, name: string, description: string, ...operands: readonly string[]): Command {
  const made = onServer(parent.command(name).description(description))
  for (const operand of operands) made.argument(operand)
  return made
    .option('--account <ID>', "This account instead of the server's own")
    .option('--json', 'Print what the server answers as JSON')
}

/** Runs `act` with the operands, the options and a connection. */
function on(
  made: Command,
  act: (call: Awaited<ReturnType<typeof connect>>, operands: readonly string[], options: Options) => Promise<void>,
): void {
  made.action(async (...given: readonly unknown[]) => {
    // Commander gives the operands, the options and the command, in this order.
    const options = given.at(-2) as Options
    const operands = given.slice(0, -2) as readonly string[]
    const { data, config } = options
    const flags = { data, config } as Flags // neither is a list
    await act(await connect(flags), operands, options)
  })
}

function addAccountCommands(account: Command): void {
  const verbs = () => import('./account-commands.ts')
  on(
    onServer(
      account.command('put').description('Make an account, or change its name and organization').argument('<ID>'),
    )
      .option('--name <NAME>', 'What it is called')
      .option('--organization <ID>', 'The organization that aws:PrincipalOrgID says, o-...')
      .option('--json', 'Print what the server answers as JSON'),
    async (call, [id = ''], options) => (await verbs()).putAccount(call, id, options),
  )
  on(
    onServer(account.command('delete').description('Delete an account that holds nobody').argument('<ID>')),
    async (call, [id = '']) => (await verbs()).deleteAccount(call, id),
  )
  on(
    onServer(account.command('list').description('Print the accounts that were made')).option('--json', 'As JSON'),
    async (call, _operands, options) => (await verbs()).listAccounts(call, options),
  )
}

function addTypeCommands(parent: Command, type: IdentityType): void {
  const verbs = () => import('./identity-commands.ts')
  const policies = () => import('./policy-commands.ts')
  const create = command(parent, 'create', `Make a ${type}`, '<NAME>').option('--path <PATH>', 'Its path, /.../')
  if (type !== 'group') {
    create
      .option('--tag <KEY=VALUE>', 'A tag; may be given several times', list)
      .option('--boundary <POLICY>', 'The most that it may do: a managed policy, by name or ARN')
  }
  if (type === 'role') {
    create
      .requiredOption('--trust <FILE>', 'The trust policy, a file of JSON')
      .option('--max-session <SECONDS>', 'How long a session lasts at most')
  }
  on(create, async (call, [name = ''], options) => (await verbs()).createIdentity(call, type, name, options))
  on(
    command(parent, 'delete', `Delete a ${type}`, '<NAME>').option(
      '--force',
      'With its keys, policies and memberships',
    ),
    async (call, [name = ''], options) => (await verbs()).deleteIdentity(call, type, name, options),
  )
  on(command(parent, 'list', `Print the ${type}s of an account`), async (call, _operands, options) =>
    (await verbs()).listIdentities(call, type, options),
  )
  for (const verb of ['attach', 'detach'] as const) {
    const what = verb === 'attach' ? `Give a ${type} a managed policy` : `Take a managed policy from a ${type}`
    on(command(parent, verb, what, '<NAME>', '<POLICY>'), async (call, [name = '', policy = ''], options) =>
      (await policies())[verb](call, type, name, policy, options),
    )
  }
  on(
    command(parent, 'put-policy', `Give a ${type} a policy of its own`, '<NAME>', '<POLICY-NAME>', '<FILE>'),
    async (call, [name = '', policy = '', file = ''], options) =>
      (await policies()).putInline(call, type, name, policy, file, options),
  )
  on(
    command(parent, 'delete-policy', `Delete a policy of its own from a ${type}`, '<NAME>', '<POLICY-NAME>'),
    async (call, [name = '', policy = ''], options) =>
      (await policies()).deleteInline(call, type, name, policy, options),
  )
  if (type === 'group') {
    for (const verb of ['add', 'remove'] as const) {
      const what = verb === 'add' ? 'Put a user into a group' : 'Take a user out of a group'
      on(command(parent, verb, what, '<NAME>', '<USER>'), async (call, [name = '', user = ''], options) =>
        (await verbs()).changeMember(call, verb, name, user, options),
      )
    }
  } else addPrincipalCommands(parent, type)
}

function addPrincipalCommands(parent: Command, type: 'user' | 'role'): void {
  const verbs = () => import('./identity-commands.ts')
  on(
    command(
      parent,
      'boundary',
      `Set the most that a ${type} may do; without POLICY there is no bound`,
      '<NAME>',
      '[POLICY]',
    ),
    async (call, [name = '', policy], options) => (await verbs()).setBoundary(call, type, name, policy, options),
  )
  on(
    command(parent, 'tag', `Tag a ${type}: aws:PrincipalTag in conditions`, '<NAME>')
      .option('--set <KEY=VALUE>', 'Add or overwrite a tag; may be given several times', list)
      .option('--remove <KEY>', 'Take a tag away; may be given several times', list),
    async (call, [name = ''], options) => (await verbs()).changeTags(call, type, name, options),
  )
  on(
    command(parent, 'revoke-sessions', `Void the temporary credentials of a ${type} until now`, '<NAME>'),
    async (call, [name = ''], options) => (await verbs()).revoke(call, type, name, options),
  )
  if (type === 'role') {
    on(
      command(parent, 'update', 'Change who may open sessions of a role, and how long they last', '<NAME>')
        .option('--trust <FILE>', 'The trust policy, a file of JSON')
        .option('--max-session <SECONDS>', 'How long a session lasts at most'),
      async (call, [name = ''], options) => (await verbs()).changeRole(call, name, options),
    )
  }
}

function addPolicyCommands(policy: Command): void {
  const verbs = () => import('./policy-commands.ts')
  on(
    command(policy, 'create', 'Make a managed policy', '<NAME>', '<FILE>').option('--path <PATH>', 'Its path, /.../'),
    async (call, [name = '', file = ''], options) => (await verbs()).createManaged(call, name, file, options),
  )
  on(
    command(policy, 'update', 'Replace the text of a managed policy', '<POLICY>', '<FILE>'),
    async (call, [name = '', file = ''], options) => (await verbs()).updateManaged(call, name, file, options),
  )
  on(
    command(policy, 'delete', 'Delete a managed policy', '<POLICY>').option('--force', 'Detach it first'),
    async (call, [name = ''], options) => (await verbs()).deleteManaged(call, name, options),
  )
  on(command(policy, 'list', 'Print the managed policies of an account'), async (call, _operands, options) =>
    (await verbs()).listManaged(call, options),
  )
}

function addKeyCommands(key: Command): void {
  const verbs = () => import('./key-commands.ts')
  on(
    command(key, 'create', 'Make an access key of a user; its secret is shown this once', '<USER>'),
    async (call, [user = ''], options) => (await verbs()).createKey(call, user, options),
  )
  on(command(key, 'list', 'Print the access keys of a user', '<USER>'), async (call, [user = ''], options) =>
    (await verbs()).listKeys(call, user, options),
  )
  for (const [verb, what] of [
    ['deactivate', 'Switch an access key off'],
    ['activate', 'Switch an access key on again'],
    ['delete', 'Delete an access key'],
  ] as const) {
    on(command(key, verb, what, '<KEY-ID>'), async (call, [id = ''], options) =>
      (await verbs()).keyVerbs[verb](call, id, options),
    )
  }
}

function addFileCommands(admin: Command): void {
  on(
    onServer(
      admin
        .command('apply')
        .description('Make identities what a file says; prints what differs first')
        .argument('<FILE>'),
    )
      .option('--dry-run', 'Only print it')
      .option('--prune', 'Delete what the file does not have, in the accounts that it has')
      .option('--keys-out <FILE>', 'Write secrets of new keys into a new file of mode 0600 instead of printing them'),
    async (call, [file = ''], options) =>
      (await import('../identities/apply-identities.ts')).applyIdentities(call, file, options),
  )
  on(
    onServer(admin.command('explain').description('Say whether a principal may do something, and why'))
      .addOption(new Option('--principal <ARN>', 'A user, a role, a session or a root').makeOptionMandatory())
      .addOption(new Option('--action <ACTION>', 'Such as ecr:PutImage').makeOptionMandatory())
      .addOption(new Option('--resource <ARN>', 'A repository, or *').makeOptionMandatory())
      .option('--context <KEY=VALUE>', 'A condition key of the request; may be given several times', list)
      .option('--json', 'Print what the server answers as JSON'),
    async (call, _operands, options) => (await import('./explain-command.ts')).explain(call, options),
  )
}
