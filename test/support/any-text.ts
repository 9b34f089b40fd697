import fc from 'fast-check'

/** Any text of JavaScript, lone surrogates included, half of it ASCII. fast-check's own `binary` takes a second to begin. */
export const anyText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff })).map((code) => String.fromCharCode(code)),
})
