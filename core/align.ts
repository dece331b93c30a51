// Columns of text, aligned.

/** Which columns are aligned to the right: their numbers, or all behind the first. */
export type RightColumns = readonly number[] | 'all but the first'

/** Rows (the first one the heading, which has all columns) as lines. */
export const alignRows = (rows: readonly (readonly string[])[], right: RightColumns = []): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const isRight = (column: number): boolean => (right === 'all but the first' ? column > 0 : right.includes(column))
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? ''
        return isRight(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** `alignRows` as one text. */
export const alignColumns = (rows: readonly (readonly string[])[], right?: RightColumns): string =>
  alignRows(rows, right).join('\n')

/** A text in lines of so many characters, broken at spaces where it can be. */
const wrapped = (text: string, width: number): string[] =>
  text.match(new RegExp(`.{1,${width}}(?=\\s|$)|\\S{${width}}`, 'gu'))?.map((line) => line.trim()) ?? ['']

/** The same where the terminal is narrower: the last column goes on in lines of its own. */
export const fitColumns = (rows: readonly (readonly string[])[], columns: number | undefined): string => {
  if (columns === undefined) return alignColumns(rows)
  const before = (rows[0] ?? []).slice(0, -1).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const room = Math.max(20, columns - before.reduce((sum, width) => sum + width + 2, 0))
  return alignColumns(
    rows.flatMap((row) =>
      wrapped(row.at(-1) ?? '', room).map((line, at) => [
        ...row.slice(0, -1).map((cell) => (at === 0 ? cell : '')),
        line,
      ]),
    ),
  )
}
