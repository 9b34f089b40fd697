// What the domain asks of the renderer of texts that strangers write for the gallery: About and Usage of public repositories.

export interface Markdown {
  /** Another number with each change of what is made of a text: HTML that was kept under another one is made anew. */
  readonly rules: number
  /**
   * The HTML of a text in GitHub-flavoured Markdown. Nothing in it runs, loads or names anything of the page that shows it. What takes
   * too long comes back as the text itself, escaped. `undefined` when there is no room for it just now: it may be asked for again.
   */
  render(text: string): Promise<string | undefined>
  close(): Promise<void>
}
