// C10: no secret and no stack trace in any answer, no secret in a log.

import { readFileSync } from 'node:fs'

import type { Problem } from './fault-test.ts'

/** A line of a stack as Node writes it, or a path of the program's sources. */
const stack = /\n\s+at \S.*:\d+:\d+|node:internal\/|file:\/\/\/|\/src\/[a-z-]+\/[a-z-/]+\.ts/
const problemsMax = 20

export interface Words {
  readonly onBody: (where: string, body: Buffer) => void
  /** Is told once what must not be said. */
  readonly keepSecret: (secrets: readonly string[]) => void
  /** Reads the log, too. With `quietLog`, no request may have failed inside the server. */
  readonly check: (logFile: string, quietLog: boolean) => readonly Problem[]
}

export function watchWords(): Words {
  const secrets = new Set<string>()
  const problems: Problem[] = []
  const report = (text: string) => {
    if (problems.length < problemsMax) problems.push({ rule: 'C10', text })
  }
  return {
    onBody: (where, body) => {
      const text = body.toString()
      if (stack.test(text)) report(`a stack trace in the answer to ${where}: ${text.slice(0, 500)}`)
      for (const secret of secrets) if (text.includes(secret)) report(`a secret in the answer to ${where}`)
    },
    keepSecret: (more) => {
      for (const secret of more) secrets.add(secret)
    },
    check: (logFile, quietLog) => {
      const log = readFileSync(logFile, 'utf8')
      for (const secret of secrets) if (log.includes(secret)) report(`a secret in the log ${logFile}`)
      // What a defect leaves: error and fatal lines, 50 and 60 in pino's numbers.
      const errors = quietLog ? log.split('\n').filter((line) => /"level":"?(50|60|error|fatal)/.test(line)) : []
      for (const line of errors) report(`in the log: ${line.slice(0, 1000)}`)
      return problems
    },
  }
}
