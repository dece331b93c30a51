// Reads what the tools answered, from the same text that a language model would see.

export interface Seen {
  readonly docid: string
  readonly title: string
  readonly snippet: string
}

/** The hits that a search printed, in rank order. */
export const readHits = (output: string): Seen[] =>
  output
    .split(/^DocID:/m)
    .slice(1)
    .map((block) => {
      const [docid = '', title = '', ...snippet] = block.split('\n')
      return { docid: docid.trim(), title: title.replace(/^\[|\]$/g, ''), snippet: snippet.join(' ').trim() }
    })

/** The text of an opened document, or nothing where there was none. */
export const readDocument = (output: string): string | undefined => {
  const match = /^Document [^\n]*:\n/.exec(output)
  return match ? output.slice(match[0].length) : undefined
}
