const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

// What no XML 1.0 document may hold, not even escaped (its production 2, Char), and lone surrogates.
const noCharacters = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Text as the content of an XML element or attribute; what XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(noCharacters, '\ufffd').replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
