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

/** The articles that can be documents. */
export async function* usableArticles(
  articles: AsyncIterable<Article> | Iterable<Article>,
  onDrop: OnDrop,
): AsyncGenerator<Article> {
  const isUsable = usable(onDrop)
  for await (const article of articles) if (isUsable(article)) yield article
}
