// Stage ingest: the corpus as documents, the questions as queries, the relevance judgements as qrels.
import { join } from 'node:path'
import type { OnDrop } from '../../data/readers/corpora/article.ts'
import { isFolder, listFiles } from '../../data/readers/folder.ts'
import { queries } from '../../data/schemas.ts'
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'
import { count, many } from '../../pipeline/progress.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { tokenizerFiles } from '../settings.ts'
import { sections, type Config } from './config.ts'
import { reads, writes, type Context } from './io.ts'
import { ingestArticles } from './articles.ts'
import { checkCorpus } from './check.ts'
import { ingestJsonl } from './jsonl.ts'
import { ingestQrels } from './qrels.ts'
import { checkQuestions } from './overlap.ts'
import { firstAnswered, writeAll } from './rows.ts'
import { usableArticles } from './usable.ts'
import { corpusPath, openSources } from './sources.ts'

const PRE_CHUNKED: readonly string[] = ['jsonl', 'csv', 'tsv', 'hotpotqa', 'trajectories']

const chunkTokens = ({ corpus: { format, chunk_tokens } }: Config): number | undefined => {
  if (chunk_tokens !== undefined) return chunk_tokens === 'none' ? undefined : chunk_tokens
  return PRE_CHUNKED.includes(format) ? undefined : 512
}

const jsonlFiles = async (path: string): Promise<string[]> => {
  if (!(await isFolder(path))) return [path]
  const names = await listFiles(path, (name) => /\.(jsonl|ndjson|json)(\.(gz|zst|bz2))?$/i.test(name))
  return names.map((name) => join(path, name))
}

const ingestDocuments = async (context: Context, onDrop: OnDrop): Promise<void> => {
  const { config } = context
  const tokens = chunkTokens(config)
  if (config.corpus.format === 'jsonl' && tokens === undefined)
    return ingestJsonl(context, await jsonlFiles(corpusPath(config)), onDrop)
  const sources = openSources(config, onDrop, context.scratch)
  const tokenizer = await loadTokenizer(config.tokenizer)
  const threads = { workers: config.workers }
  return ingestArticles(context, usableArticles(sources.articles(), onDrop), {
    tokens,
    tokenizer,
    total: sources.total,
    threads,
  })
}

/** The logs, where the corpus is made of what they show. */
const fromLogs = ({ corpus, trajectories }: Config): string | undefined =>
  corpus.format === 'trajectories' ? trajectories.import : undefined

export const ingestStage = {
  name: 'ingest',
  version: 1,
  summary: 'read the corpus, cut it into chunks, read questions and relevance judgements',
  config: sections,
  reads,
  writes,
  given: ({ corpus }) => corpus.path !== undefined || corpus.format === 'synthetic' || corpus.format === 'trajectories',
  parameters: ({ corpus, queries: questions, trajectories: { format, tools }, tokenizer, seed }) => ({
    corpus: { ...corpus, path: undefined },
    questions: { ...questions, path: undefined, qrels: undefined, held_out: undefined },
    tokenizer,
    seed: corpus.format === 'synthetic' ? seed : undefined,
    ...(corpus.format === 'trajectories' && { logs: { format, tools } }),
  }),
  outside: (config) => [
    ...[
      config.corpus.path,
      config.queries.path,
      config.queries.qrels,
      config.queries.held_out,
      fromLogs(config),
    ].filter((path) => path !== undefined),
    ...tokenizerFiles(config),
  ],
  funnel: ({ counts }) => [{ step: 'questions', count: counts['queries'] || undefined }],
  run: async (context: Context) => {
    const { config } = context
    const dropped = new Map<string, number>()
    const onDrop: OnDrop = (reason) => void dropped.set(reason, (dropped.get(reason) ?? 0) + 1)
    await ingestDocuments(context, onDrop)
    const found = await checkCorpus(
      context,
      config.corpus.path ??
        (fromLogs(config) === undefined ? 'the synthetic corpus' : 'the corpus of what the logs show'),
    )
    const sources = openSources(config, onDrop, context.scratch)
    const asked = await writeAll(context, queries, firstAnswered(sources.queries(), config.queries.first))
    const overlapping = await checkQuestions(context)
    const { judged, unknown } = await ingestQrels(context, sources.qrels())
    return {
      counts: {
        documents: found,
        queries: asked,
        qrels: judged,
        ...(unknown > 0 ? { qrels_outside_corpus: unknown } : {}),
        ...(overlapping > 0 ? { overlapping_questions: overlapping } : {}),
        ...Object.fromEntries([...dropped].map(([reason, times]) => [`skipped: ${reason}`, times])),
      },
      warnings: [
        ...(config.corpus.format === 'trajectories'
          ? [
              `the corpus is what the logs show: ${count(found)} documents, whole where the agent opened one, else the longest snippet`,
            ]
          : []),
        ...(overlapping > 0 ? [`${overlapping} test questions are also training questions, or nearly`] : []),
        ...(unknown > 0
          ? [
              `${many(unknown, 'relevance judgement names', 'relevance judgements name')} documents that the corpus lacks; left out`,
            ]
          : []),
        ...[...dropped].map(([reason, times]) => `${many(times, 'record')} skipped: ${reason}`),
      ],
    }
  },
} satisfies Stage<Config>
