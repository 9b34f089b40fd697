// Writes what is made from the program: docs/configuration.md, docs/coverage.md, and the client's modules in src/client/declared. A test keeps them
// fresh.

import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { failureReasons, sentences } from '../src/model/errors.ts'
import { adminOperations } from '../src/operations/admin/index.ts'
import { galleryOperations } from '../src/operations/gallery/index.ts'
import { ecr, ecrPublic, stowage, type Operation } from '../src/operations/operation.ts'
import { privateOperations } from '../src/operations/private/index.ts'
import { privateModelNames } from '../src/operations/private/model-names.ts'
import { publicOperations } from '../src/operations/public/index.ts'
import { publicModelNames } from '../src/operations/public/model-names.ts'
import { stsOperations } from '../src/operations/sts/index.ts'
import { flagOf, settingNames, settings, variableOf } from '../src/settings.ts'
import { declaredModules } from './declared-modules.ts'

const ROOT = dirname(import.meta.dirname)

/** What is generated, by its path in the project. */
export function pages(): Readonly<Record<string, string>> {
  return { 'docs/configuration.md': configurationPage(), 'docs/coverage.md': coveragePage(), ...declaredModules() }
}

const generated = '<!-- Made by `npm run docs`; changes here are lost. -->'

function configurationPage(): string {
  const rows = settingNames.map((name) => {
    const { placeholder, description, default: value, defaultText } = settings[name]
    const flag = placeholder === '' ? flagOf(name) : `${flagOf(name)} ${placeholder}`
    const plain = value === undefined || typeof value === 'function' ? '' : `\`${value}\``
    return [`\`${name}\``, `\`${flag}\``, `\`${variableOf(name)}\``, defaultText ?? plain, description]
  })
  return `${generated}

# Configuration

\`stowage serve\` takes each setting from the first of these that has it:

1. the command line (\`${flagOf('port')} 4510\`),
2. the environment (\`${variableOf('port')}=4510\`; an empty variable counts as none; a switch is \`true\` or \`false\`),
3. a file in YAML, named by \`${flagOf('config')} FILE\` or \`${variableOf('config')}\` (\`port: 4510\`, one setting a line; an account id in quotes),
4. the default.

\`stowage config\` prints every value and where it comes from. No setting is a secret.

${table(['Setting', 'Flag', 'Variable', 'Default', 'What it is'], rows)}

## Access keys

The first start makes a root key of the account, and writes it into \`keys.json\` in the data directory, readable by its owner only.
\`stowage env\` prints it as shell exports. The file may be edited while the server runs: it is read again within a second, and a key that
is gone is refused from then on, as are docker passwords that were made with it.

\`\`\`json
{
  "keys": [
    { "accessKeyId": "AKIA...", "secretAccessKey": "...", "accountId": "123456789012" }
  ]
}
\`\`\`

An access key id has 16 to 128 letters, digits and underscores; a secret has 16 to 256 characters. Each of these keys may do everything in its own
account and nothing in another's; users with keys and policies of their own are made with \`stowage admin\` (\`docs/identities.md\`).
\`secrets.json\` beside it holds what the server signs page tokens, docker passwords and layer URLs with, and in \`identityKey\` what the secrets
of users' keys are sealed with in the database: without this file they are lost. In \`tokenKeys\` the first one signs and all are accepted,
so that a new one can be put in front and an old one removed a day later (with a restart each time).

## Who may see what

The server listens on loopback unless told otherwise, and speaks HTTP unless it has a certificate: beyond one machine, give it
\`${flagOf('tlsCert')}\` and \`${flagOf('tlsKey')}\`, or a proxy that does TLS. \`/healthz\`, \`/readyz\` and \`/metrics\` need no key: they tell no
names of repositories, but a proxy may well keep them inside.
`
}

function coveragePage(): string {
  return `${generated}

# Coverage

${privateOperations.length} of the ${privateModelNames.length} operations of the private ECR API are offered, and ${publicOperations.length} of the ${publicModelNames.length} of ECR Public. The others answer
\`UnknownOperationException\` with the sentence "The operation ... is not offered by this server yet".

Every operation, and every request of the data planes through them, is decided by the policies there are: the IAM action it asks for is in the
tables. \`ecr:ImageTag\` (tags that are pushed or pulled, several values) is a condition key that AWS does not have; nothing asks for it unless
a policy does.

## Amazon ECR, private (AWS JSON 1.1, ${ecr.apiVersion})

${table(operationHead, operationRows(privateOperations, privateModelNames))}

## Amazon ECR Public (AWS JSON 1.1, ${ecrPublic.apiVersion})

${table(operationHead, operationRows(publicOperations, publicModelNames))}

## AWS STS (Query)

${table(operationHead, stsOperations.map(offeredRow))}

## The operator's own API (AWS JSON 1.1, target \`${stowage.targetPrefix}\`, signing name \`${stowage.name}\`)

What AWS has a console or people for. Only principals of the account that the server runs for (\`${flagOf('account')}\`) may call it; \`stowage admin\` does.

${table(operationHead, adminOperations.map(offeredRow))}

## The gallery (JSON, \`POST /<operation>\` on the public listener, no signature)

What AWS's gallery asks of a service that is not documented: see [differences](differences.md#the-gallerys-api).

${table(operationHead, galleryOperations.map(offeredRow))}

## What errors say

How sure the words are: *observed* in real answers quoted in public, *documented* on an AWS page, or *guessed* by analogy;
*own* ones are of operations that AWS does not have.

${table(['Error', 'Words', 'Sentence'], Object.entries(sentences).map(sentenceRow))}

Failures of single items in the answers of batch operations:

${table(['Code', 'Words', 'Reason'], Object.entries(failureReasons).map(sentenceRow))}
`
}

const operationHead = ['Operation', 'State', 'IAM action', 'Declared errors', 'Not acted upon yet']

function operationRows(
  operations: readonly Operation[],
  modelNames: readonly string[],
): readonly (readonly string[])[] {
  const offered = new Map(operations.map((operation) => [operation.name, operation]))
  const names = [...new Set([...modelNames, ...offered.keys()])].toSorted()
  return names.map((name) => {
    const operation = offered.get(name)
    return operation ? offeredRow(operation) : [name, 'missing', '', '', '']
  })
}

function offeredRow({ name, allow, errors, note }: Operation): readonly string[] {
  return [name, 'offered', `\`${allow.action}\``, errors.join(', '), note ?? '']
}

interface AnySentence {
  readonly certainty: string
  readonly text: (params: never) => string
}

function sentenceRow([key, { certainty, text }]: readonly [string, AnySentence]): readonly string[] {
  // A sentence only puts its parameters into text: each stands for itself here. One that is its parameter gives the stand-in back.
  const words: unknown = text(placeholders as never)
  return [key, certainty, String(words)]
}

/** Every member is its own name in angle brackets, as text and as a list of one. */
const placeholders: unknown = new Proxy(
  {},
  {
    get: (_target, name) => {
      const text = `‹${String(name)}›`
      // A sentence may cut its parameters to fit: the stand-in stays whole.
      return Object.assign([text], { toString: () => text, replace: () => text })
    },
  },
)

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(pages())) writeFileSync(join(ROOT, path), text)
}
