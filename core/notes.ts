// Things that a user should know and that stop nothing.

const said = new Set<string>()

/** Prints a note on stderr, each text once a process. */
export const noteOnce = (text: string): void => {
  if (said.has(text)) return
  said.add(text)
  process.stderr.write(`note: ${text}\n`)
}
