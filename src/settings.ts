// Every setting: its schema, flag, environment variable, default and description. The command line, the environment, the file, the
// documentation page and `stowage config` all read this table. No setting is a secret: keys live in the data directory, and what is
// here may be printed.

import { homedir } from 'node:os'
import { join } from 'node:path'

import { z } from 'zod'

export type Environment = Readonly<Record<string, string | undefined>>
/** What stands behind a setting's flag: text, or nothing for a switch. */
export type Kind = 'text' | 'number' | 'decimal' | 'switch'

interface Setting<S extends z.ZodType> {
  readonly kind: Kind
  /** Made when a value is looked at: making them all took 10 ms of every command, most of which need none. */
  readonly schema: () => S
  /** What the value is, for help: `DIR`, `PORT`; empty for a switch. */
  readonly placeholder: string
  readonly description: string
  readonly default: z.output<S> | ((environment: Environment) => z.output<S>)
  /** How the default reads on a page, where it depends on the machine. */
  readonly defaultText?: string
}

function setting<S extends z.ZodType>(declaration: Setting<S>): Setting<S> {
  return declaration
}

const port = () => z.int('must be a whole number').min(0, 'must be at least 0').max(65_535, 'must be at most 65535')
const path = () => z.string().min(1, 'must not be empty')
const whole = (min: number, max: number) =>
  z.int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`)

const span = (max: number) => z.number().min(0, 'must be at least 0').max(max, `must be at most ${max}`)

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
const hostName = new RegExp(`^${label}(\\.${label})*$`)

/** The settings, in the order of help and documentation. */
export const settings = {
  data: setting({
    kind: 'text',
    schema: path,
    placeholder: 'DIR',
    description: 'Directory of everything the server keeps: database, layers, keys. Made when missing',
    default: (environment) => join(dataHome(environment), 'stowage'),
    defaultText: '`$XDG_DATA_HOME/stowage`, or `~/.local/share/stowage`',
  }),
  listen: setting({
    kind: 'text',
    schema: () => z.string().regex(/^[0-9a-zA-Z.:-]{1,255}$/, 'must be an IP address or a host name'),
    placeholder: 'ADDRESS',
    description: 'Address to listen on; 0.0.0.0 or :: for every one of this machine',
    default: '127.0.0.1',
  }),
  port: setting({
    kind: 'number',
    schema: port,
    placeholder: 'PORT',
    description: 'Port of the API and of the Docker data plane; 0 picks a free one',
    default: 4510,
  }),
  publicPort: setting({
    kind: 'number',
    schema: port,
    placeholder: 'PORT',
    description: 'Port of the public registries: what they hold may be pulled by everyone; 0 picks a free one',
    default: 4511,
    defaultText: '`4511`: the one after `port`, or a free one where `port` is 0',
  }),
  dev: setting({
    kind: 'switch',
    schema: () => z.boolean(),
    placeholder: '',
    description:
      'Accept any access key (one that is a 12-digit account id stands for that account) and any docker password; listens on loopback only',
    default: false,
  }),
  account: setting({
    kind: 'text',
    schema: () => z.string().regex(/^\d{12}$/, 'must be 12 digits'),
    placeholder: 'ID',
    description: 'Account of the root key, and of requests to a host name that names no account',
    default: '123456789012',
  }),
  region: setting({
    kind: 'text',
    schema: () => z.string().regex(/^[a-z0-9-]{2,25}$/, 'must be 2 to 25 lower-case letters, digits and hyphens'),
    placeholder: 'REGION',
    description: 'Region of requests to a host name that names no region; clients of the API may use any',
    default: 'us-east-1',
  }),
  domain: setting({
    kind: 'text',
    schema: () =>
      z
        .string()
        .max(190, 'must have at most 190 characters')
        .regex(hostName, 'must be a lower-case domain name')
        .optional(),
    placeholder: 'DOMAIN',
    description: 'Registries are named `<account>.dkr.ecr.<region>.DOMAIN`; the names must lead to this server',
    default: undefined,
  }),
  registryHost: setting({
    kind: 'text',
    schema: () =>
      z
        .string()
        .regex(
          /^(https?:\/\/)?([a-z0-9.-]|\{account\}|\{region\}|\{port\}|:(?=\d|\{port\})|\[[0-9a-f:]+\])+$/,
          'must be a host name, with or without https:// before it, which may hold {account}, {region} and {port}',
        )
        .optional(),
    placeholder: 'TEMPLATE',
    description:
      'Host of a registry as clients write it, with `{account}`, `{region}` and `{port}`, instead of `domain`; behind a proxy that does TLS, with `https://` before it',
    default: undefined,
    defaultText:
      '`localhost:{port}` for the default account and region, `{account}.dkr.ecr.{region}.localhost:{port}` for the others',
  }),
  publicHost: setting({
    kind: 'text',
    schema: () =>
      z
        .string()
        .max(300, 'must have at most 300 characters')
        .regex(
          /^(https?:\/\/)?([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?$/,
          'must be a host name, with or without https:// before it and a port after it',
        )
        .optional(),
    placeholder: 'HOST',
    description:
      'Host of the public registries as clients write it; behind a proxy that does TLS, with `https://` before it',
    default: undefined,
    defaultText: '`localhost:{publicPort}`, or `public.ecr.DOMAIN:{publicPort}` with `domain`',
  }),
  publicRegions: setting({
    kind: 'text',
    schema: () =>
      z.string().regex(/^[a-z0-9-]{2,25}(,[a-z0-9-]{2,25}){0,99}$/, 'must be regions with commas between them'),
    placeholder: 'REGIONS',
    description: 'Regions whose signatures the ECR Public API takes; in others it answers UnsupportedCommandException',
    default: 'us-east-1,us-west-2',
  }),
  publicAnonymousPulls: setting({
    kind: 'number',
    schema: () => whole(0, 1_000_000),
    placeholder: 'RATE',
    description:
      'Manifests that one address may pull in a second from the public registries without signing in; 0 for any number (ECR Public allows 1)',
    default: 0,
  }),
  publicPulls: setting({
    kind: 'number',
    schema: () => whole(0, 1_000_000),
    placeholder: 'RATE',
    description:
      'Manifests that one account may pull in a second from the public registries; 0 for any number (ECR Public allows 10)',
    default: 0,
  }),
  tlsCert: setting({
    kind: 'text',
    schema: () => path().optional(),
    placeholder: 'FILE',
    description: 'Certificate chain in PEM form: serve HTTPS. Needs `tlsKey`',
    default: undefined,
  }),
  tlsKey: setting({
    kind: 'text',
    schema: () => path().optional(),
    placeholder: 'FILE',
    description: 'Private key of the certificate in PEM form',
    default: undefined,
  }),
  workers: setting({
    kind: 'number',
    schema: () => whole(1, 64),
    placeholder: 'COUNT',
    description:
      'Processes that serve, for machines with several cores; with more than one there is another one beside them that writes the database',
    default: 1,
  }),
  ecrQuirks: setting({
    kind: 'switch',
    schema: () => z.boolean(),
    placeholder: '',
    description: "Follow ECR's deviations from the OCI distribution specification (docs/differences.md)",
    default: false,
  }),
  reserveMib: setting({
    kind: 'number',
    schema: () => whole(0, 1024 * 1024 * 1024).optional(),
    placeholder: 'MIB',
    description: 'Free space in MiB below which uploads are refused, so that the database and deletes go on working',
    default: undefined,
    defaultText: '512, or 2 % of the file system when that is more',
  }),
  ballastMib: setting({
    kind: 'number',
    schema: () => whole(0, 1024 * 1024),
    placeholder: 'MIB',
    description:
      'Size in MiB of a file that is given up when the disk is full to the last byte, so that deletes go on and a start succeeds; a sixteenth of the file system at most, 0 for none',
    default: 64,
  }),
  tokenHours: setting({
    kind: 'number',
    schema: () => whole(1, 168),
    placeholder: 'HOURS',
    description: 'How long a password of GetAuthorizationToken is good',
    default: 12,
  }),
  layerUrlMinutes: setting({
    kind: 'number',
    schema: () => whole(1, 60),
    placeholder: 'MINUTES',
    description: 'How long a URL of GetDownloadUrlForLayer is good',
    default: 60,
  }),
  uploadHours: setting({
    kind: 'number',
    schema: () => whole(1, 24 * 365),
    placeholder: 'HOURS',
    description: 'An upload that nobody continues for so long is discarded',
    default: 24,
  }),
  leaseHours: setting({
    kind: 'decimal',
    schema: () => span(24 * 365),
    placeholder: 'HOURS',
    description:
      'A layer that no image names is kept for so long after it was uploaded or asked for; fractions are fine',
    default: 24,
  }),
  collectMinutes: setting({
    kind: 'decimal',
    schema: () => span(24 * 60),
    placeholder: 'MINUTES',
    description: 'Time between two collections of layers that nothing needs; fractions are fine, 0 for none',
    default: 10,
  }),
  undeleteHours: setting({
    kind: 'decimal',
    schema: () => span(24 * 365),
    placeholder: 'HOURS',
    description: 'A deleted image is kept for so long, and may be restored by the operator; 0 for not at all',
    default: 0,
  }),
  scrubDays: setting({
    kind: 'decimal',
    schema: () => span(3650),
    placeholder: 'DAYS',
    description:
      'Every layer is read again and compared with its digest, and the database checked, at least this often; fractions are fine, 0 for never',
    default: 7,
  }),
  scrubMibPerSecond: setting({
    kind: 'number',
    schema: () => whole(1, 1024 * 1024),
    placeholder: 'MIB',
    description:
      'How fast layers are read for that, in MiB a second; the default takes a sixteenth of a core, and reads 28 TiB in seven days',
    default: 50,
  }),
  clockSkewMinutes: setting({
    kind: 'number',
    schema: () => whole(1, 24 * 60),
    placeholder: 'MINUTES',
    description: 'How far the clock of a client may be from the clock of the server',
    default: 5,
  }),
  stopSeconds: setting({
    kind: 'number',
    schema: () => whole(0, 3600),
    placeholder: 'SECONDS',
    description: 'How long requests in flight may take to finish when the server is told to stop',
    default: 30,
  }),
  auditLog: setting({
    kind: 'text',
    schema: () => z.enum(['all', 'changes', 'off'], 'must be all, changes or off'),
    placeholder: 'WHAT',
    description:
      'What the audit log records (docs/audit.md): every operation; changes, denials and the giving of temporary credentials; or nothing',
    default: 'changes',
  }),
  auditFileMib: setting({
    kind: 'number',
    schema: () => whole(1, 1024 * 1024),
    placeholder: 'MIB',
    description: 'Size in MiB at which a new file of the audit log begins',
    default: 64,
  }),
  auditFiles: setting({
    kind: 'number',
    schema: () => whole(2, 10_000),
    placeholder: 'COUNT',
    description: 'Files of the audit log that are kept, the oldest goes first',
    default: 16,
  }),
  logLevel: setting({
    kind: 'text',
    schema: () => z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent'),
    placeholder: 'LEVEL',
    description: 'What is logged: `info` has one line a request; debug, info, warn, error or silent',
    default: 'info',
  }),
  logFormat: setting({
    kind: 'text',
    schema: () => z.enum(['auto', 'json', 'text'], 'must be auto, json or text'),
    placeholder: 'FORMAT',
    description: 'json, text, or auto: text on a terminal and json elsewhere',
    default: 'auto',
  }),
}

export type SettingName = keyof typeof settings
export const settingNames = Object.keys(settings) as SettingName[] // the table's own keys

export type Config = { readonly [K in SettingName]: z.output<ReturnType<(typeof settings)[K]['schema']>> }

/** `--public-port` */
export function flagOf(name: SettingName | 'config'): string {
  return `--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`
}

/** `STOWAGE_PUBLIC_PORT` */
export function variableOf(name: SettingName | 'config'): string {
  return `STOWAGE_${name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()}`
}

// https://specifications.freedesktop.org/basedir-spec/latest/: a relative path in the variable is to be ignored.
function dataHome(environment: Environment): string {
  const given = environment['XDG_DATA_HOME']
  return given?.startsWith('/') ? given : join(homedir(), '.local', 'share')
}
