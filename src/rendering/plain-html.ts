import { escapeXml } from '../lib/escape-xml.ts'

/** A text as it was written, in HTML. */
export function plainHtml(text: string): string {
  return showBidi(`<pre>${escapeXml(text)}</pre>`)
}

/**
 * Makes visible what turns the direction of text around, as `\u202e`: with it a command can be shown as another one than is copied. The
 * text may be HTML; whoever wrote it as an entity was understood before. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
 */
export function showBidi(text: string): string {
  return text.replace(
    /\p{Bidi_Control}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
