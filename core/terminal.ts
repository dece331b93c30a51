// Text of others on its way to a terminal: whatever could move the cursor, change colours or hide text is made visible.

/** Controls other than line feed and tab, what reorders the text around it, and halves of characters. */
const UNSAFE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)/gu

/** `text` with such characters as `\u001b`. Line feeds and tabs stay. */
export const printable = (text: string): string =>
  text.replace(UNSAFE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same on one line. */
export const printableLine = (text: string): string =>
  printable(text).replaceAll(/\r?\n|\t/g, (found) => (found === '\t' ? '\\t' : '\\n'))
