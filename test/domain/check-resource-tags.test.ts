// Tags on repositories: user guide, "Tagging a repository in Amazon ECR".

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { checkResourceTagKey, checkResourceTags } from '../../src/domain/check-resource-tags.ts'

const keyLength = "Invalid parameter at 'tagKey' failed to satisfy constraint: 'must have length between 1 and 128'"
const reserved =
  "Invalid parameter at 'tagKey' failed to satisfy constraint: 'aws: prefixed tag key names are not allowed for external use'"
const valueLength =
  "Invalid parameter at 'tagValue' failed to satisfy constraint: 'must have length less than or equal to 256'"
const characters = 'Tag keys and values may hold letters, digits, white space and _ . : / = + - @ only'

describe('J26 a tag key', () => {
  for (const key of [
    'a',
    'k'.repeat(128),
    'Cost Center',
    'équipe',
    '部門',
    'a_.:/=+-@9',
    '٣',
    'my-aws:x',
    'aws',
    'awsx:y',
  ]) {
    test(`${key.slice(0, 20)} is one`, () => {
      checkResourceTagKey(key)
      checkResourceTags([{ key, value: '' }])
    })
  }

  for (const [key, message] of [
    ['', keyLength],
    ['k'.repeat(129), keyLength],
    ['aws:', reserved],
    ['aws:created-by', reserved],
    ['AWS:x', reserved],
    ['aWs:x', reserved],
    ['a%', characters],
    ['a*', characters],
    ['a\nb', characters],
    ['a\tb', characters],
    ['a\0', characters],
    ['a"b', characters],
    ['a<b', characters],
    ['\u{1F40B}', characters],
    ['a\\b', characters],
  ] as const) {
    test(`${JSON.stringify(key).slice(0, 20)} is none`, () => {
      const expected = { name: 'InvalidTagParameterException', message, members: {} }
      assert.throws(() => checkResourceTagKey(key), expected)
      assert.throws(
        () =>
          checkResourceTags([
            { key: 'fine', value: '' },
            { key, value: '' },
          ]),
        expected,
      )
    })
  }
})

describe('J26 a tag value', () => {
  for (const value of ['', ' ', 'v'.repeat(256), 'aws:x', 'a_.:/=+-@9 é 部']) {
    test(`${JSON.stringify(value).slice(0, 20)} is one`, () => checkResourceTags([{ key: 'k', value }]))
  }

  for (const [value, message] of [
    ['v'.repeat(257), valueLength],
    ['a\nb', characters],
    ['<script>', characters],
  ] as const) {
    test(`${JSON.stringify(value).slice(0, 20)} is none`, () =>
      assert.throws(() => checkResourceTags([{ key: 'k', value }]), {
        name: 'InvalidTagParameterException',
        message,
      }))
  }
})

test('a key may be given once, in the same case', () => {
  checkResourceTags([
    { key: 'k', value: '1' },
    { key: 'K', value: '2' },
  ])
  assert.throws(
    () =>
      checkResourceTags([
        { key: 'k', value: '1' },
        { key: 'other', value: '' },
        { key: 'k', value: '1' },
      ]),
    { name: 'InvalidTagParameterException', message: "Duplicate tag keys found: 'k'. Tag keys must be unique" },
  )
})
