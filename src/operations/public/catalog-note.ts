/** What the coverage page says of catalog data. */
export const catalogNote = '`aboutText` and `usageText` are kept and returned as they came: nothing renders them yet.'
