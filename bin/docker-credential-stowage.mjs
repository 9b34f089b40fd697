#!/usr/bin/env node
// Docker's credential helper, under the name by which docker looks for it: `stowage credential-helper get`, and so on.

process.argv.splice(2, 0, 'credential-helper')
await import('./stowage.mjs')
