// Corpora in CSV or TSV with named columns.
import { UserError } from '../../../core/errors.ts'
import { checkWidth, locate, readTable, type TableFormat } from '../table.ts'
import type { Article } from './article.ts'

/** Names of the columns that an article is made of. */
export interface ArticleColumns {
  readonly id: string
  readonly title?: string | undefined
  readonly text: string
}

/** Articles of a table whose first row names its columns. Throws UserError at a missing column, a ragged row or no id. */
export async function* readTableArticles(
  path: string,
  format: TableFormat,
  { id, title, text }: ArticleColumns,
): AsyncGenerator<Article> {
  let header: readonly string[] | undefined
  let places: readonly number[] = []
  for await (const rows of readTable(path, format)) {
    for (const row of rows) {
      if (header === undefined) {
        header = row.fields
        places = locate(path, header, title === undefined ? [id, text] : [id, text, title])
        continue
      }
      checkWidth(path, row, header.length)
      const [found = '', body = '', heading = ''] = places.map((place) => row.fields[place])
      if (found === '') {
        throw new UserError({
          where: `${path} line ${row.number}`,
          expected: `an id in column "${id}"`,
          found: 'nothing',
          fix: 'Give that row an id.',
        })
      }
      yield { id: found, title: heading, text: body }
    }
  }
}
