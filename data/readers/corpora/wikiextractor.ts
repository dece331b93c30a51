// What wikiextractor writes with --json: folders AA, AB … of files wiki_00, wiki_01 …, one JSON object a line.
import { withoutTitle } from '../../title.ts'
import { readJsonLines } from '../lines.ts'
import { idAt, objectAt, textAt } from '../record.ts'
import { ignoreDrop, type Article, type OnDrop } from './article.ts'
import { filesOf } from './files.ts'

/** Articles of one such file or the whole folder; those without text (redirects) are dropped and counted. */
export async function* readWikiextractorArticles(path: string, onDrop: OnDrop = ignoreDrop): AsyncGenerator<Article> {
  for (const file of await filesOf(path, (name) => /(^|\/)wiki_\d+(\.(gz|zst|bz2))?$/i.test(name))) {
    for await (const lines of readJsonLines(file)) {
      for (const { value, number } of lines) {
        const where = `${file} line ${number}`
        const record = objectAt(value, where)
        const title = textAt(record, ['title'], where)
        // Some versions begin the text with the title, which would then stand in a chunk twice.
        const text = withoutTitle(title, textAt(record, ['text'], where)).trimStart()
        if (text.trim() === '') onDrop('empty', where)
        else yield { id: idAt(record, ['id'], where), title, text }
      }
    }
  }
}
