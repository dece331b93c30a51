// Articles to documents, in worker threads where there is enough to do.
import { chunkArticle } from './chunk.ts'
import type { Article } from '../../data/readers/corpora/article.ts'
import type { Document } from '../../data/schemas.ts'
import { named, tokenizerPool, type TokenThreadsOptions } from '../../model/tokenize/tokens.ts'
import type { Tokenizer } from '../../model/tokenize/tokenizer.ts'
import { openThreads, type Threads } from '../../core/threads.ts'
import { withTitle } from '../../data/title.ts'

export interface CutTask {
  readonly articles: readonly Article[]
  /** Chunk size; undefined takes each article as one document. */
  readonly tokens: number | undefined
}

const documentsOf = (tokenizer: Tokenizer, article: Article, tokens: number | undefined): readonly Document[] => {
  if (tokens !== undefined) return chunkArticle(article, tokenizer, { tokens })
  const text = withTitle(article.title, article.text)
  return [{ docid: article.id, title: article.title, text, tokens: tokenizer.count(text) }]
}

/** Throws UserError naming the article that the tokenizer fails at. */
export const cutArticles =
  (tokenizer: Tokenizer) =>
  ({ articles, tokens }: CutTask): Document[] =>
    articles.flatMap((article) =>
      named(tokenizer.name, `article ${article.id}`, () => documentsOf(tokenizer, article, tokens)),
    )

/** Characters worth starting threads for: cutting is slower than tokenising alone, they take over half a second. */
const PATIENCE = 4_000_000

const lengthOf = ({ articles }: CutTask): number => articles.reduce((sum, { text }) => sum + text.length, 0)

/** Opens threads that cut articles; the documents are the same however many there are. */
export const openCutters = (tokenizer: Tokenizer, options: TokenThreadsOptions): Threads<CutTask, Document[]> =>
  openThreads({
    ...tokenizerPool(tokenizer, { patience: PATIENCE, ...options }),
    module: './cut-thread.js',
    from: import.meta.url,
    here: cutArticles(tokenizer),
    cost: lengthOf,
  })
