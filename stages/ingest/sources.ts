// What the configuration names as corpus, questions and judgements, opened.
import type { Article, OnDrop } from '../../data/readers/corpora/article.ts'
import { readHotpotqa, readHotpotqaArticles } from '../../data/readers/corpora/hotpotqa.ts'
import { readJsonlArticles } from '../../data/readers/corpora/jsonl.ts'
import { readMediawikiArticles } from '../../data/readers/corpora/mediawiki.ts'
import { readTableArticles } from '../../data/readers/corpora/table.ts'
import { readWikiextractorArticles } from '../../data/readers/corpora/wikiextractor.ts'
import { qrelFormatOf, queryFormatOf } from '../../data/readers/by-name.ts'
import { readQrels } from '../../data/readers/qrels.ts'
import { readQueries } from '../../data/readers/queries.ts'
import { usableQueries } from './usable.ts'
import { csv, tsv } from '../../data/readers/table.ts'
import type { Qrel, Query } from '../../data/schemas.ts'
import { splitOf } from '../../data/split.ts'
import { UserError } from '../../core/errors.ts'
import type { Config } from './config.ts'
import { readLoggedArticles } from './logged.ts'
import { synthesize, type SyntheticQuestion } from '../../demo/world/synthesize.ts'

type Rows<T> = AsyncIterable<T> | Iterable<T>

export interface Sources {
  articles(): Rows<Article>
  readonly total: number | null
  queries(): Rows<Query>
  /** `docid` may name a document or a whole article. */
  qrels(): Rows<Qrel>
}

const need = (path: string | undefined, key: string): string => {
  if (path !== undefined) return path
  throw new UserError({
    where: key,
    expected: 'a path',
    found: 'nothing',
    fix: `Set ${key}, or corpus.format: synthetic for a corpus of our own.`,
  })
}

/** The corpus' path, insisted on. */
export const corpusPath = ({ corpus }: Config): string => need(corpus.path, 'corpus.path')

const articlesOf = (config: Config, onDrop: OnDrop, scratch: string): Rows<Article> => {
  const { format, columns } = config.corpus
  const path = format === 'trajectories' ? '' : corpusPath(config)
  switch (format) {
    case 'trajectories':
      return readLoggedArticles(config, scratch, onDrop)
    case 'wikiextractor':
      return readWikiextractorArticles(path, onDrop)
    case 'mediawiki':
      return readMediawikiArticles(path, onDrop)
    case 'hotpotqa':
      return readHotpotqaArticles(path)
    case 'csv':
    case 'tsv':
      return readTableArticles(path, format === 'csv' ? csv : tsv, {
        id: columns?.id ?? 'id',
        text: columns?.text ?? 'text',
        title: columns?.title,
      })
    default:
      return readJsonlArticles(path)
  }
}

async function* queriesOf(
  { queries: { path, format, columns, test_share } }: Config,
  onDrop: OnDrop,
): AsyncGenerator<Query> {
  if (path === undefined) return
  const found = format ?? queryFormatOf(path)
  const named = columns && {
    query_id: columns.id ?? 'id',
    question: columns.question ?? 'question',
    answer: columns.answer,
  }
  for await (const query of usableQueries(readQueries(path, { format: found, columns: named }), onDrop))
    yield { ...query, split: splitOf(query.query_id, test_share) }
}

async function* qrelsOf({ queries: { qrels } }: Config, onDrop: OnDrop): AsyncGenerator<Qrel> {
  if (qrels === undefined) return
  yield* usableQueries(readQrels(qrels, qrelFormatOf(qrels), onDrop), onDrop)
}

async function* hotpotQueries(path: string, share: number): AsyncGenerator<Query> {
  for await (const { query } of readHotpotqa(path)) yield { ...query, split: splitOf(query.query_id, share) }
}

async function* hotpotQrels(path: string): AsyncGenerator<Qrel> {
  for await (const { qrels } of readHotpotqa(path)) yield* qrels
}

const synthetic = ({ corpus, queries: { test_share }, seed }: Config): Sources => {
  const { articles, questions } = corpus
  const world = synthesize({ seed, articles, questions, testShare: test_share === 0 ? 0.3 : test_share })
  const evidence = ({ query_id, evidence: ids }: SyntheticQuestion): Qrel[] =>
    ids.map((docid) => ({ query_id, docid, relevance: 1 }))
  return {
    articles: () => world.articles,
    total: articles,
    queries: () =>
      world.questions.map(({ query_id, question, answers, split }) => ({ query_id, question, answers, split })),
    qrels: () => world.questions.flatMap(evidence),
  }
}

/** Opens what the configuration names. `onDrop` hears of every record left out; below `scratch` lies what has to be joined on disk. */
export const openSources = (config: Config, onDrop: OnDrop, scratch: string): Sources => {
  const { corpus, queries } = config
  if (corpus.format === 'synthetic') return synthetic(config)
  const own = { articles: () => articlesOf(config, onDrop, scratch), total: null, qrels: () => qrelsOf(config, onDrop) }
  if (corpus.format !== 'hotpotqa' || queries.path !== undefined)
    return { ...own, queries: () => queriesOf(config, onDrop) }
  const path = corpusPath(config)
  return {
    ...own,
    queries: () => hotpotQueries(path, queries.test_share),
    qrels: () => (queries.qrels === undefined ? hotpotQrels(path) : qrelsOf(config, onDrop)),
  }
}
