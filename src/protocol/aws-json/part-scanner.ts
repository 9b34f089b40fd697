// Takes the one large member out of a JSON document while it arrives, so that the document that is left is small, and is parsed and
// checked as any other: what is not base64 stays in it, character for character, for the parser to judge.

import { createBase64Decoder, type Base64Decoder } from './base64-decoder.ts'

const quote = 0x22
const backslash = 0x5c

export interface PartScanner {
  /** The next bytes of the document; they are not kept. */
  readonly add: (piece: Uint8Array) => void
  /** To be called once. */
  readonly end: () => ScannedPart
}

export interface ScannedPart {
  /** The document, with an empty string for the value of the member where that is base64. */
  readonly document: Uint8Array
  /**
   * What the last member of that name had: its bytes, or that it is a string and no base64. `undefined` where it is no string, or there is no such
   * member; then the document has all there is. Nothing is said of whether the document is JSON.
   */
  readonly value: { readonly bytes: Uint8Array | undefined } | undefined
}

/** Where the scanner is. Strings are told by what becomes of them: the member's value is decoded, keys are looked at, others pass. */
type Place = 'outside' | 'key' | 'text' | 'value'

/** More than any spelling of the member's name, escapes and all. */
const keyBytesMax = 128

/**
 * For a document with one blob among the members of its outermost object.
 * @param member the blob's name
 * @param takeBuffer called when there is a blob; what does not fit into the buffer is no base64
 */
export function createPartScanner(member: string, takeBuffer: () => Buffer): PartScanner {
  const kept: Buffer[] = []
  let buffer: Buffer | undefined
  let decoder: Base64Decoder | undefined
  let value: ScannedPart['value']
  let place: Place = 'outside'
  let depth = 0
  let isKeyNext = false
  let isValueNext = false
  let isEscaped = false
  let key = ''
  // The beginning of an escape sequence whose end has not come.
  let held = Buffer.alloc(0)

  // Asked in this way because the scans below change it.
  const isAt = (its: Place) => place === its

  const keep = (piece: Buffer, from: number, to: number) => {
    if (to > from) kept.push(Buffer.from(piece.subarray(from, to)))
  }

  /** The index behind what was read. Without calls: it sees each byte of what is no blob. */
  const scanOutside = (piece: Buffer, from: number): number => {
    for (let at = from; at < piece.length; at++) {
      switch (piece[at]) {
        case quote:
          place = isKeyNext ? 'key' : isValueNext ? 'value' : 'text'
          key = ''
          isKeyNext = false
          isValueNext = false
          return at + 1
        case 0x7b: // {
        case 0x5b: // [
          isKeyNext = depth === 0 && piece[at] === 0x7b
          isValueNext = false
          depth++
          break
        case 0x7d: // }
        case 0x5d: // ]
          isKeyNext = false
          depth--
          break
        case 0x2c: // ,
          isKeyNext = depth === 1
          isValueNext = false
          break
        default:
      }
    }
    return piece.length
  }

  /** The index of the quote that ends the string, or where the piece ends. */
  const scanText = (piece: Buffer, from: number): number => {
    for (let at = from; at < piece.length; at++) {
      if (isEscaped) isEscaped = false
      else if (piece[at] === backslash) isEscaped = true
      else if (piece[at] === quote) return at
    }
    return piece.length
  }

  const endKey = () => {
    if (nameOf(key) !== member) return
    isValueNext = true
    value = undefined
  }

  /** Takes in some of the value; false when it is no base64, and has to stay. */
  const decode = (piece: Buffer, from: number, to: number): boolean => {
    const text = unescaped(piece.toString('latin1', from, to))
    return text !== undefined && decoder?.add(text) === true
  }

  const beginValue = () => {
    buffer ??= takeBuffer()
    decoder = createBase64Decoder(buffer)
  }

  const keepWaiting = () => {
    kept.push(Buffer.from(decoder?.waiting() ?? '', 'latin1'))
  }

  /** Reads on in the member's value; gives the index behind what was read, that of the quote where it ends. */
  const scanValue = (piece: Buffer, from: number): number => {
    const [end, isEnd] = endOfText(piece, from)
    if (decode(piece, from, end)) {
      if (isEnd) {
        value = { bytes: decoder?.end() }
        keepWaiting()
        place = 'outside'
      } else held = Buffer.from(piece.subarray(end))
      return isEnd ? end : piece.length
    }
    // From the first byte on that may be wrong: it may be no JSON either.
    keepWaiting()
    value = { bytes: undefined }
    place = 'text'
    return from
  }

  const add = (piece: Buffer) => {
    let at = 0
    let keptFrom = 0
    while (at < piece.length) {
      if (isAt('outside')) {
        at = scanOutside(piece, at)
        if (isAt('value')) {
          beginValue()
          keep(piece, keptFrom, at)
        }
      } else if (isAt('value')) {
        at = scanValue(piece, at)
        keptFrom = at
        if (isAt('outside')) at++
      } else {
        const end = scanText(piece, at)
        if (isAt('key') && key.length <= keyBytesMax)
          key += piece.toString('latin1', at, Math.min(end, at + keyBytesMax))
        at = end + 1
        if (end < piece.length) {
          if (isAt('key')) endKey()
          place = 'outside'
        }
      }
    }
    if (!isAt('value')) keep(piece, keptFrom, piece.length)
  }

  return {
    add: (piece) => {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      const whole = held.length > 0 ? Buffer.concat([held, bytes]) : bytes
      held = Buffer.alloc(0)
      add(whole)
    },
    end: () => {
      if (isAt('value')) {
        keepWaiting()
        kept.push(held)
      }
      return { document: Buffer.concat(kept), value }
    },
  }
}

/** Where the string ends and whether it does: at its quote, or before an escape sequence that is not whole yet, or where the piece ends. */
function endOfText(piece: Buffer, from: number): readonly [end: number, isEnd: boolean] {
  const end = piece.indexOf(quote, from)
  const escape = piece.indexOf(backslash, from)
  if (escape === -1 || (end !== -1 && end < escape)) return end === -1 ? [piece.length, false] : [end, true]
  for (let at = escape; at < piece.length; at++) {
    if (piece[at] === quote) return [at, true]
    if (piece[at] !== backslash) continue
    const length = piece[at + 1] === 0x75 ? 6 : 2
    if (at + length > piece.length) return [at, false]
    at++
  }
  return [piece.length, false]
}

/** What a text means that may have escape sequences for base64's characters in it; `undefined` when it has others. */
function unescaped(text: string): string | undefined {
  if (!text.includes('\\')) return text
  // Some programs escape each slash.
  const plain = text
    .replaceAll('\\/', '/')
    .replace(/\\u00([2-7][0-9a-fA-F])/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
  return plain.includes('\\') ? undefined : plain
}

/** The name that a key's text spells. */
function nameOf(text: string): string | undefined {
  if (!text.includes('\\')) return text
  try {
    // `as`: a JSON string is a string.
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}
