/** The file of a worker beside `importer` (its `import.meta.url`): TypeScript in a checkout, JavaScript in the published package. */
export function workerFile(name: string, importer: string): URL {
  return new URL(`./${name}.${importer.endsWith('.ts') ? 'ts' : 'js'}`, importer)
}
