// What the text of a document is: what is indexed, read and trained on. Where it has a title, that is its first line.

/** Whether the text's first line is the title and nothing else. */
export const hasTitleLine = (title: string, text: string): boolean =>
  text.startsWith(title) && /^(\r?\n|$)/.test(text.slice(title.length, title.length + 2))

/** The text with its title as its first line. */
export const withTitle = (title: string, text: string): string =>
  title === '' || hasTitleLine(title, text) ? text : `${title}\n${text}`

/** `withTitle` in SQL, of two expressions. */
export const withTitleSql = (title: string, text: string): string =>
  `CASE WHEN ${title} = '' OR ${text} = ${title} OR starts_with(${text}, ${title} || chr(10))
     OR starts_with(${text}, ${title} || chr(13) || chr(10)) THEN ${text} ELSE ${title} || chr(10) || ${text} END`

/** The text without the line that is its title. */
export const withoutTitle = (title: string, text: string): string =>
  title !== '' && hasTitleLine(title, text) ? text.slice(title.length).replace(/^\r?\n/, '') : text
