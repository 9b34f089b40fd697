// A layer part in its document: read in pieces it means what it means as a whole, to the word of each refusal.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'

import { decode } from '../../src/model/wire.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { parseDocument } from '../../src/protocol/aws-json/parse-document.ts'
import { createPartScanner } from '../../src/protocol/aws-json/part-scanner.ts'
import { withBlob } from '../../src/protocol/aws-json/receive-document.ts'

const member = 'layerPartBlob'

/** What a document means, or why it is refused. */
function outcomeOf(document: Uint8Array, complete: (parsed: unknown) => unknown): unknown {
  const parsed = parseDocument(document)
  if ('fault' in parsed) return parsed.fault
  try {
    const { layerPartBlob, ...rest } = decode(uploadLayerPart.input, complete(parsed.document))
    return { rest, blob: layerPartBlob && Buffer.from(layerPartBlob).toString('hex') }
  } catch (error) {
    return String(error)
  }
}

const asWhole = (document: Uint8Array) => outcomeOf(document, (parsed) => parsed)

function inPieces(document: Buffer, pieceBytes: number, bufferBytes = document.length) {
  const scanner = createPartScanner(member, () => Buffer.alloc(bufferBytes))
  for (let at = 0; at < document.length; at += pieceBytes) scanner.add(document.subarray(at, at + pieceBytes))
  const { document: left, value } = scanner.end()
  return { left, outcome: outcomeOf(left, (parsed) => withBlob(parsed, value && { member, ...value })) }
}

function assertSame(document: Buffer): void {
  const expected = asWhole(document)
  for (const pieceBytes of [1, 2, 3, 5, 7, document.length + 1])
    assert.deepEqual(
      inPieces(document, pieceBytes).outcome,
      expected,
      `${document.toString('latin1')} by ${pieceBytes}`,
    )
}

describe('a document with a layer part', () => {
  for (const [what, document] of [
    ['in any place', '{"uploadId":"u","layerPartBlob":"YWJj","partFirstByte":0}'],
    ['with blanks', '\n{ "layerPartBlob" : "YWJjZA==" }\t'],
    ['without one', '{"uploadId":"u"}'],
    ['that is null', '{"layerPartBlob":null}'],
    ['that is empty', '{"layerPartBlob":""}'],
    ['with bits behind its end', '{"layerPartBlob":"YR=="}'],
    ['with escaped slashes', '{"layerPartBlob":"\\/\\/8\\u003d"}'],
    ['all in escapes', '{"layerPartBlob":"\\u0059\\u0057\\u004a\\u006A"}'],
    ['with an escape that is none', '{"layerPartBlob":"YWJ\\x"}'],
    ['with an escape that is cut off', '{"layerPartBlob":"YWJj\\u00'],
    ['that is cut off', '{"layerPartBlob":"YWJjY'],
    ['with an escaped quote', '{"layerPartBlob":"YW\\"j","uploadId":"u"}'],
    ['with an escaped backslash before its end', '{"layerPartBlob":"YWJ\\\\","uploadId":"u"}'],
    ['with a blank in it', '{"layerPartBlob":"YW Jj"}'],
    ['with a line end in it', '{"layerPartBlob":"YWJj\nYWJj"}'],
    ['in base64url', '{"layerPartBlob":"YW-_"}'],
    ['without its padding', '{"layerPartBlob":"YWJjYQ"}'],
    ['with a padding in the middle', '{"layerPartBlob":"YQ==YQ=="}'],
    ['with a letter outside of ASCII', '{"layerPartBlob":"YWJé"}'],
    ['whose spelling has escapes', '{"layerPart\\u0042lob":"YWJj"}'],
    ['twice', '{"layerPartBlob":"YWJj","layerPartBlob":"ZGVm"}'],
    ['twice, then a number', '{"layerPartBlob":"YWJj","layerPartBlob":5}'],
    ['twice, in two spellings', '{"layerPartBlob":"YWJj","layerPart\\u0042lob":""}'],
    ['that is an object', '{"layerPartBlob":{"layerPartBlob":"YWJj"}}'],
    ['that is a list', '{"layerPartBlob":["YWJj"]}'],
    ['deeper in it', '{"a":{"layerPartBlob":"YW-j"},"b":[1,{"layerPartBlob":"-"}]}'],
    ['as a value', '{"uploadId":"layerPartBlob","repositoryName":"YWJj"}'],
    ['in a list', '["layerPartBlob","YWJj"]'],
    ['without a colon', '{"layerPartBlob" "YWJj"}'],
    ['two values behind a colon', '{"layerPartBlob":"YWJj""YWJj"}'],
    ['and data behind it', '{"layerPartBlob":"YWJj"}{}'],
    ['and another member that is wrong', '{"layerPartBlob":"YW-j","partFirstByte":"0"}'],
    ['with quotes in another member', '{"uploadId":"\\"layerPartBlob\\":\\"","layerPartBlob":"YWJj"}'],
  ] as const)
    test(what, () => assertSame(Buffer.from(document)))

  for (const [what, blob] of [
    ['alone', '\xff'],
    ['behind base64', 'YWJjYW\xff'],
    ['whose bytes are apart', '\xc3Y\xa9W'],
    ['behind an escape that is cut off', 'YWJj\\u0\xff'],
  ] as const)
    test(`bytes that are no UTF-8, ${what}`, () => {
      assertSame(Buffer.from(`{"layerPartBlob":"${blob}"}`, 'latin1'))
      assertSame(Buffer.from(`{"layerPartBlob":"${blob}`, 'latin1'))
    })

  const parts = [
    ['{', '}', '[', ']', ':', ',', '"', '\\', ' ', '\n', 'null', '5', '"uploadId":"u"', '"layerPartBlob":', '"YWJj'],
    ['"layerPartBlob"', '"layerPart\\u0042lob":"', 'YWJj', 'YQ==', '=', 'Y', '-', '\\/', '\\u0041', '\\u00', '\\"'],
    ['\xff', '\xc3\xa9', '\xc3', '\xa9', '{"layerPartBlob":"', '"}', '{"a":{', '}}'],
  ].flat()
  test('whatever it is', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), fc.boolean(), (some, isWrapped) => {
        const text = isWrapped ? `{"layerPartBlob":"${some.join('')}"}` : some.join('')
        assertSame(Buffer.from(text, 'latin1'))
      }),
      { numRuns: 1000 },
    ))

  test('bytes of any number, and a document that stays small', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 }), (bytes, pieceBytes) => {
        const blob = Buffer.from(bytes)
        const document = Buffer.from(JSON.stringify({ uploadId: 'u', layerPartBlob: blob.toString('base64') }))
        const { left, outcome } = inPieces(document, pieceBytes, blob.length)
        assert.deepEqual(outcome, { rest: { uploadId: 'u' }, blob: blob.toString('hex') })
        assert.equal(left.toString(), '{"uploadId":"u","layerPartBlob":""}')
      }),
    ))

  test('more bytes than there is room for are refused, not written elsewhere', () => {
    const { outcome } = inPieces(Buffer.from('{"layerPartBlob":"YWJjZGVm"}'), 100, 5)
    assert.equal(outcome, 'WireTypeError: layerPartBlob must be base64')
  })
})
