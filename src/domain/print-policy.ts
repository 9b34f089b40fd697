import { statementMembers } from './authorisation/policies/compile-policy.ts'

const shownOrder = ['Version', 'Id', 'Statement', ...statementMembers]

/**
 * The text that a policy is shown as: two spaces an indent, a space on either side of each colon, lists on one line, members in order, as the
 * samples of GetRepositoryPolicy show it.
 */
export function printPolicy(text: string): string {
  return print(JSON.parse(text), '')
}

function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value))
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => print(item, indent)).join(', ')} ]`
  const entries = Object.entries(value).toSorted(
    ([one], [other]) => shownOrder.indexOf(one) - shownOrder.indexOf(other),
  )
  const members = entries.map(([key, item]) => `${indent}  ${JSON.stringify(key)} : ${print(item, `${indent}  `)}`)
  return members.length === 0 ? '{ }' : `{\n${members.join(',\n')}\n${indent}}`
}
