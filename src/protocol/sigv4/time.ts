// The one date form of Signature Version 4: ISO 8601 basic, whole seconds, UTC (`20261121T100000Z`).

import { rememberLast } from '../../lib/remember-last.ts'

const form = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** Epoch milliseconds of `text`, or `undefined` when it is not such a date or names a day or time that does not exist. */
export const parseAmzDate: (text: string) => number | undefined = rememberLast(readAmzDate)

// Remembered: what is signed within a second has one date.
function readAmzDate(text: string): number | undefined {
  const parts = form.exec(text)
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
  // A leap second exists and is the same instant as the second after it: what POSIX clocks say of it.
  const leap = second === 60 && hour === 23 && minute === 59
  const ms = Date.UTC(year, month - 1, day, hour, minute, leap ? 59 : second)
  // Date.UTC carries over (31 April is 1 May): what it made must read as what was sent.
  const made = formatAmzDate(ms)
  if (leap) return made === `${text.slice(0, 13)}59Z` ? ms + 1000 : undefined
  return made === text ? ms : undefined
}

/** `ms` in the form that `x-amz-date` has; the part of a second is cut off. */
export function formatAmzDate(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

/** `ms` without its part of a second: dates in signatures have none, so the clock is read in seconds to compare exactly. */
export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
