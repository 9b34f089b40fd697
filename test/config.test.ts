import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ConfigError, type ConfigSources, isLoopback, loadConfig } from '../src/config.ts'
import { flagOf, settingNames, settings, variableOf } from '../src/settings.ts'

interface Given {
  readonly flags?: ConfigSources['flags']
  readonly environment?: ConfigSources['environment']
  readonly file?: string
}

function load({ flags = {}, environment = {}, file }: Given) {
  return loadConfig({
    flags: file === undefined ? flags : { ...flags, config: 'stowage.yaml' },
    environment,
    readFile: (path) => {
      if (path === 'stowage.yaml' && file !== undefined) return file
      throw new Error(`ENOENT: no such file or directory, open '${path}'`)
    },
  })
}

describe('where a value comes from', () => {
  const file = 'port: 3\n'
  const environment = { STOWAGE_PORT: '2' }
  const flags = { port: '1' }
  const cases = [
    ['a flag comes before all others', { flags, environment, file }, 1, 'flag'],
    ['the environment comes before the file', { environment, file }, 2, 'environment'],
    ['the file comes before the default', { file }, 3, 'file'],
    ['the default is what remains', {}, 4510, 'default'],
    ['an empty variable counts as none', { environment: { STOWAGE_PORT: '' }, file }, 3, 'file'],
    ['a null in the file counts as none', { file: 'port:\n' }, 4510, 'default'],
    ['an empty file has no settings', { file: '' }, 4510, 'default'],
  ] as const
  for (const [sentence, given, value, origin] of cases) {
    test(sentence, () => {
      const { config, origins } = load(given)
      assert.deepEqual([config.port, origins.port], [value, origin])
    })
  }

  test('the environment may name the file', () => {
    const { config, file: path } = loadConfig({
      flags: {},
      environment: { STOWAGE_CONFIG: 'x.yaml' },
      readFile: () => 'region: eu-west-1',
    })
    assert.deepEqual([config.region, path], ['eu-west-1', 'x.yaml'])
  })

  test('a switch may be said in words', () => {
    for (const [text, value] of [
      ['true', true],
      ['1', true],
      ['YES', true],
      ['false', false],
      ['0', false],
      ['no', false],
    ] as const) {
      assert.equal(load({ environment: { STOWAGE_ECR_QUIRKS: text } }).config.ecrQuirks, value, text)
    }
  })

  test('data lies where the system keeps data', () => {
    assert.equal(load({ environment: { XDG_DATA_HOME: '/xdg' } }).config.data, '/xdg/stowage')
    assert.match(load({ environment: { XDG_DATA_HOME: 'relative' } }).config.data, /\/\.local\/share\/stowage$/)
  })

  test('paths are told from the current directory', () => {
    const { config } = load({ flags: { data: 'd', tlsCert: 'c.pem', tlsKey: '/k.pem' } })
    assert.deepEqual(
      [config.data, config.tlsCert, config.tlsKey],
      [`${process.cwd()}/d`, `${process.cwd()}/c.pem`, '/k.pem'],
    )
  })
})

describe('a setting that is wrong is named with its place', () => {
  const cases: readonly (readonly [Given, string])[] = [
    [{ flags: { port: 'x' } }, '--port must be a whole number, not "x"'],
    [{ flags: { port: '65536' } }, '--port must be at most 65535, not 65536'],
    [{ flags: { port: '-1' } }, '--port must be at least 0, not -1'],
    [{ environment: { STOWAGE_PUBLIC_PORT: '1.5' } }, 'STOWAGE_PUBLIC_PORT must be a whole number, not "1.5"'],
    [{ file: 'port: "4510"' }, 'port in stowage.yaml must be a whole number, not "4510"'],
    [{ flags: { collectMinutes: 'often' } }, '--collect-minutes must be a number, not "often"'],
    [{ flags: { collectMinutes: '1e3' } }, '--collect-minutes must be a number, not "1e3"'],
    [{ flags: { leaseHours: '-0.5' } }, '--lease-hours must be at least 0, not -0.5'],
    [{ file: 'undeleteHours: 9000' }, 'undeleteHours in stowage.yaml must be at most 8760, not 9000'],
    [{ file: 'account: 123456789012' }, 'account in stowage.yaml must be text (in quotes), not 123456789012'],
    [{ file: 'dev: maybe' }, 'dev in stowage.yaml must be true or false, not "maybe"'],
    [{ file: 'prot: 1' }, 'the configuration file stowage.yaml has an unknown setting: prot'],
    [{ file: 'config: other.yaml' }, 'the configuration file stowage.yaml has an unknown setting: config'],
    [{ file: '- port' }, 'the configuration file stowage.yaml must hold settings, one "name: value" a line'],
    [
      { flags: { config: 'none.yaml' } },
      `cannot read the configuration file none.yaml: ENOENT: no such file or directory, open 'none.yaml'`,
    ],
    [{ environment: { STOWAGE_DEV: 'perhaps' } }, 'STOWAGE_DEV must be true or false, not "perhaps"'],
    [{ flags: { account: '12345678901' } }, '--account must be 12 digits, not "12345678901"'],
    [{ flags: { region: 'EU' } }, '--region must be 2 to 25 lower-case letters, digits and hyphens, not "EU"'],
    [{ flags: { domain: 'a..b' } }, '--domain must be a lower-case domain name, not "a..b"'],
    [{ flags: { data: '' } }, '--data must not be empty, not ""'],
    [{ flags: { listen: 'a b' } }, '--listen must be an IP address or a host name, not "a b"'],
    [
      { flags: { registryHost: '{acount}.example.com' } },
      '--registry-host must be a host name, with or without https:// before it, which may hold {account}, {region} and {port}, not "{acount}.example.com"',
    ],
    [{ flags: { logLevel: 'loud' } }, '--log-level must be debug, info, warn, error or silent, not "loud"'],
    [{ flags: { logFormat: 'xml' } }, '--log-format must be auto, json or text, not "xml"'],
    [{ flags: { layerUrlMinutes: '61' } }, '--layer-url-minutes must be at most 60, not 61'],
    [{ flags: { port: '4600', publicPort: '4600' } }, '--port and --public-port must not be the same'],
    [{ flags: { tlsCert: 'c.pem' } }, '--tls-cert and --tls-key need each other'],
    [{ flags: { tlsKey: 'k.pem' } }, '--tls-cert and --tls-key need each other'],
    [
      { flags: { domain: 'a.b', registryHost: 'c.d' } },
      '--domain and --registry-host say the same thing: give one of them',
    ],
    [
      { flags: { dev: true, listen: '0.0.0.0' } },
      '--dev accepts any key and therefore listens on loopback only: remove --listen 0.0.0.0, or remove --dev',
    ],
  ]
  for (const [given, message] of cases) {
    test(message, () => {
      assert.throws(
        () => load(given),
        (error) => error instanceof ConfigError && error.message === message,
      )
    })
  }

  test('a file that is not YAML is told with the place in it', () => {
    assert.throws(
      () => load({ file: 'port: [1' }),
      /^ConfigError: cannot read the configuration file stowage\.yaml: .* at line 1/,
    )
  })
})

test('the port of public registries follows the other one unless it is given', () => {
  const publicPort = (flags: Record<string, string>) => load({ flags }).config.publicPort
  assert.deepEqual(
    [{}, { port: '0' }, { port: '8080' }, { port: '65535' }, { port: '8080', publicPort: '4511' }].map(publicPort),
    [4511, 0, 8081, 65_534, 4511],
  )
})

test('only addresses that cannot be reached from outside are loopback', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) assert.equal(isLoopback(address), true, address)
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '1270.0.0.1']) {
    assert.equal(isLoopback(address), false, address)
  }
})

test('names of flags and variables follow from the name of the setting', () => {
  assert.deepEqual([flagOf('publicPort'), variableOf('publicPort')], ['--public-port', 'STOWAGE_PUBLIC_PORT'])
})

test('every default passes its own schema', () => {
  const { config, origins } = load({})
  for (const name of settingNames) {
    assert.equal(origins[name], 'default')
    assert.ok(settings[name].schema().safeParse(config[name]).success, name)
  }
})
