// Columns of text, aligned.

/** Rows (the first one the heading) as lines; the columns numbered in `right` are aligned to the right. */
export const alignColumns = (rows: readonly (readonly string[])[], right: readonly number[] = []): string => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
