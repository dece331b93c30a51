// Records that are well-formed and cannot be kept.
import type { Article, OnDrop } from '../../data/readers/corpora/article.ts'

/** Whether an article can be a document; `onDrop` hears why not. A NUL ends a text in what others make of ids. */
export const usable =
  (onDrop: OnDrop) =>
  ({ id }: Article): boolean => {
    if (!id.includes('\0')) return true
    onDrop('nul-in-docid', id.replaceAll('\0', '\ufffd'))
    return false
  }

/** Records whose question's id others can hold, too. */
export async function* usableQueries<T extends { readonly query_id: string }>(
  records: AsyncIterable<T>,
  onDrop: OnDrop,
): AsyncGenerator<T> {
  for await (const record of records)
    if (!record.query_id.includes('\0')) yield record
    else onDrop('nul-in-query-id', record.query_id.replaceAll('\0', '\ufffd'))
}

/** The articles that can be documents. */
export async function* usableArticles(
  articles: AsyncIterable<Article> | Iterable<Article>,
  onDrop: OnDrop,
): AsyncGenerator<Article> {
  const isUsable = usable(onDrop)
  for await (const article of articles) if (isUsable(article)) yield article
}
