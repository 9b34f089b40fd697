import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mergeFigures } from '../../src/protocol/merge-figures.ts'

const figures = (requests: number, inFlight: number, memory: number) => `# HELP requests_total Requests
# TYPE requests_total counter
requests_total{operation="PutImage",status="200"} ${requests}
requests_total{operation="none"} 1
# HELP in_flight Requests being served
# TYPE in_flight gauge
in_flight ${inFlight}
# HELP process_memory_bytes Memory
# TYPE process_memory_bytes gauge
process_memory_bytes ${memory}
`

test('counts add up, memory is of a process, and of one that is gone stays what it counted', () => {
  const merged = mergeFigures([
    { process: 'worker 1', text: figures(3, 2, 1000) },
    { process: 'worker 2', text: `${figures(4, 1, 2000)}# TYPE only_here counter\nonly_here 7\n` },
    { process: undefined, text: figures(10, 5, 9) },
  ])
  assert.equal(
    merged,
    `# HELP requests_total Requests
# TYPE requests_total counter
requests_total{operation="PutImage",status="200"} 17
requests_total{operation="none"} 3
# HELP in_flight Requests being served
# TYPE in_flight gauge
in_flight 3
# HELP process_memory_bytes Memory
# TYPE process_memory_bytes gauge
process_memory_bytes{process="worker 1"} 1000
process_memory_bytes{process="worker 2"} 2000
# TYPE only_here counter
only_here 7
`,
  )
})

test('of what is gone, what is kept can be kept again', () => {
  const gone = mergeFigures([{ process: undefined, text: figures(3, 2, 1000) }])
  const both = mergeFigures([
    { process: undefined, text: gone },
    { process: undefined, text: figures(4, 1, 1) },
  ])
  assert.equal(both.split('\n')[2], 'requests_total{operation="PutImage",status="200"} 7')
  assert.ok(!both.includes('in_flight'))
})
