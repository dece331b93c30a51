// Ingests articles: cut into chunks, one part for every so many articles.
import type { Article } from '../../data/readers/corpora/article.ts'
import { documents, type Document } from '../../data/schemas.ts'
import type { Tokenizer } from '../../model/tokenize/tokenizer.ts'
import type { TokenThreadsOptions } from '../../model/tokenize/tokens.ts'
import { ahead } from '../../core/ahead.ts'
import { createBackground } from '../../core/background.ts'
import type { Context } from './io.ts'
import { openCutters } from './cut.ts'

/** Articles a part. */
const SHARD = 2000
/** Characters that a thread is given at a time. */
const BATCH = 250_000

interface ArticlesOptions {
  /** Chunk size; undefined takes each article as one document. */
  readonly tokens: number | undefined
  readonly tokenizer: Tokenizer
  /** How many articles there are, where that is known. */
  readonly total: number | null
  /** How articles are cut; changes no result. */
  readonly threads?: TokenThreadsOptions
}

interface Batch {
  readonly articles: readonly Article[]
  readonly shard: number
  /** Whether it is its part's last. */
  readonly last: boolean
}

/** Articles in batches that lie within a part. */
async function* batchesOf(articles: AsyncIterable<Article> | Iterable<Article>): AsyncGenerator<Batch> {
  let [held, length, read, shard]: [Article[], number, number, number] = [[], 0, 0, 0]
  for await (const article of articles) {
    held.push(article)
    length += article.text.length
    read += 1
    const last = read % SHARD === 0
    if (!last && length < BATCH) continue
    yield { articles: held, shard, last }
    if (last) shard += 1
    held = []
    length = 0
  }
  if (read % SHARD > 0) yield { articles: held, shard, last: true }
}

/** Articles of parts that exist are read over, not cut again. */
export const ingestArticles = async (
  context: Context,
  articles: AsyncIterable<Article> | Iterable<Article>,
  { tokens, tokenizer, total, threads = {} }: ArticlesOptions,
): Promise<void> => {
  const cutters = openCutters(tokenizer, { ...threads, signal: context.signal })
  const cut = async (batch: Batch): Promise<Batch & { readonly documents: readonly Document[] }> => {
    const kept = context.done(batch.shard, [documents])
    return { ...batch, documents: kept ? [] : await cutters.run({ articles: batch.articles, tokens }) }
  }
  // A part is written while the next one is cut.
  const background = createBackground(1)
  let read = 0
  let held: Document[] = []
  try {
    for await (const batch of ahead(batchesOf(articles), cut, 2 * cutters.size)) {
      context.check()
      read += batch.articles.length
      for (const document of batch.documents) held.push(document)
      if (!batch.last) continue
      const [rows, { shard }] = [held, batch]
      await background.add(async () => context.done(shard, [documents]) || context.write(documents, shard, rows))
      held = []
      context.mark(read, total, 'articles')
    }
    await background.drain()
  } finally {
    await background.drain().catch(() => undefined)
    await cutters.close()
  }
}
