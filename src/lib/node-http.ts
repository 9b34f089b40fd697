// Node's HTTP, without the detour of `import`: that asks for every export of the module once, among them `WebSocket`, which loads a second
// HTTP client. Measured: 45 ms of CPU at each start, 3 this way.

import type * as Http from 'node:http'
import type * as Https from 'node:https'

const http: typeof Http = process.getBuiltinModule('node:http')
const https: typeof Https = process.getBuiltinModule('node:https')

export const { createServer, request, STATUS_CODES } = http
export const { createServer: createTlsServer, request: requestTls } = https
