// A certificate authority of a test's own, and a server certificate under it, made by openssl.

import { readFile, writeFile } from 'node:fs/promises'

import type { Sandbox } from './client.ts'

export type TlsFiles = {
  readonly ca: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

export async function makeCertificate(sandbox: Sandbox, names: readonly string[]): Promise<TlsFiles> {
  const [caFile, caKeyFile] = [sandbox.path('ca.pem'), sandbox.path('ca-key.pem')]
  const [certFile, keyFile] = [sandbox.path('cert.pem'), sandbox.path('key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const openssl = (...args: readonly string[]): Promise<string> => sandbox.succeed('openssl', args)

  await openssl(
    'req',
    '-x509',
    ...curve,
    '-days',
    '2',
    '-subj',
    '/CN=Stowage test CA',
    '-keyout',
    caKeyFile,
    '-out',
    caFile,
  )
  const request = sandbox.path('request.pem')
  await openssl('req', ...curve, '-subj', '/CN=Stowage test', '-keyout', keyFile, '-out', request)
  const extensions = sandbox.path('extensions')
  const subjects = ['IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)].join(',')
  await writeFile(extensions, `subjectAltName=${subjects}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`)
  const signer = ['-CA', caFile, '-CAkey', caKeyFile, '-CAcreateserial']
  await openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', extensions, '-out', certFile)
  return { ca: await readFile(caFile, 'utf8'), caFile, certFile, keyFile }
}
