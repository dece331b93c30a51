// `lrat search` and `lrat retrieve`: ranked documents for one query on the screen, or for many in a run file.
import { Option, type Command } from 'commander'
import { queryFormatOf } from '../../data/readers/by-name.ts'
import { withoutTitle } from '../../data/title.ts'
import { readQueries } from '../../data/readers/queries.ts'
import { writeTrecRun } from '../../data/readers/trec-run.ts'
import type { Hit, Searcher, SearchQuery } from '../../search/searcher.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { Interrupted, UserError } from '../../core/errors.ts'
import { createProgress, many } from '../../pipeline/progress.ts'
import { configSchema } from '../../stages/config.ts'
import type { ApproximateKind } from '../../search/approximate.ts'
import { isTooLong, MAX_QUERY_WORDS } from '../../search/bm25.ts'
import { openRetriever, openRunDocuments, runTokenizer, type RetrieverOptions } from '../../search/retrievers.ts'
import { onInterrupt } from '../interrupt.ts'
import { withConfig, withOutput, type ConfigFlags, type OutputFlags } from '../options.ts'
import { wholeNumber } from './metrics.ts'
import { note, print } from '../print.ts'

/** Flags that choose a retriever of a run. */
export interface RetrieverFlags {
  readonly retriever: string
  readonly approximate?: ApproximateKind
}

const withRetriever = async <T>(
  run: string,
  { retriever, approximate, quiet = false }: RetrieverFlags & OutputFlags,
  use: (searcher: Searcher, signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { signal, stop } = onInterrupt()
  const progress = createProgress({ quiet })
  progress.start('encode')
  const onProgress = (documents: number): void => progress.update(documents, null, 'documents of the corpus')
  const options: RetrieverOptions = { signal, onProgress, ...(approximate && { approximate }) }
  try {
    const searcher = await openRetriever(run, retriever, options)
    try {
      return await use(searcher, signal)
    } finally {
      await searcher.close()
    }
  } finally {
    stop()
  }
}

interface SearchFlags extends RetrieverFlags {
  readonly k: number
  readonly snippet: number
  readonly json?: boolean
}

/** Text for a terminal: no control characters, lines folded into one. */
const plain = (text: string): string =>
  text
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()

/** Says on stderr that BM25 does not read the end of a query. */
const noteLong = ({ retriever }: RetrieverFlags, count: number): void => {
  if (count === 0 || retriever.startsWith('dense')) return
  const which = many(count, 'query has', 'queries have')
  note(`note: ${which} more than ${MAX_QUERY_WORDS} words; BM25 reads the first ${MAX_QUERY_WORDS}\n`)
}

const search = async (run: string, query: string, flags: SearchFlags): Promise<void> => {
  const { k, snippet, json } = flags
  noteLong(flags, isTooLong(query) ? 1 : 0)
  const [hits = []] = await withRetriever(run, flags, (searcher) => searcher.search([{ text: query }], k))
  const documents = await openRunDocuments(run)
  const texts = await documents.get(hits.map(({ docid }) => docid))
  await documents.close()
  const tokenizer = await runTokenizer(run)
  const rows = hits.map(({ docid, score }, i) => {
    const { title, text } = texts.get(docid) ?? { title: '', text: '' }
    const body = withoutTitle(title, text)
    return { rank: i + 1, docid, score, title, snippet: tokenizer.truncate(body, snippet) }
  })
  if (json) print(`${JSON.stringify(rows, null, 1)}\n`)
  else if (rows.length === 0) print('no hits\n')
  for (const { rank, docid, score, title, snippet } of json ? [] : rows) {
    const heading = `${String(rank).padStart(3)}  ${score.toFixed(4)}  ${plain(docid)}${title === '' ? '' : `  ${plain(title)}`}`
    print(`${heading}\n     ${plain(snippet)}\n`)
  }
}

interface RetrieveFlags extends ConfigFlags, RetrieverFlags, OutputFlags {
  readonly queries: string
  readonly output: string
  readonly k: number
  readonly tag?: string
}

const QUERIES_AT_ONCE = 256

const retrieve = async (flags: RetrieveFlags): Promise<void> => {
  const { queries: path, output, k } = flags
  const { run } = loadConfig(configSchema, flags.config, flags.set)
  const progress = createProgress({ quiet: flags.quiet ?? false })
  const { done, empty, long, retriever } = await withRetriever(run, flags, async (searcher, signal) => {
    let [done, empty, long] = [0, 0, 0]
    async function* rankings(): AsyncGenerator<readonly [string, readonly Hit[]]> {
      progress.start('retrieve')
      const lists = async (ids: readonly string[], batch: readonly SearchQuery[]) => {
        if (signal.aborted) throw new Interrupted()
        const found = await searcher.search(batch, k)
        done += batch.length
        empty += found.filter((hits) => hits.length === 0).length
        long += batch.filter(({ text }) => isTooLong(text)).length
        progress.update(done, null, 'queries')
        return ids.map((id, i) => [id, found[i] ?? []] as const)
      }
      let ids: string[] = []
      let batch: SearchQuery[] = []
      for await (const { query_id, question } of readQueries(path, { format: queryFormatOf(path) })) {
        ids.push(query_id)
        batch.push({ text: question })
        if (batch.length < QUERIES_AT_ONCE) continue
        yield* await lists(ids, batch)
        ids = []
        batch = []
      }
      if (batch.length > 0) yield* await lists(ids, batch)
      if (done > 0) return
      throw new UserError({
        where: path,
        expected: 'queries, one a line',
        found: 'none',
        fix: 'Name the file that holds them: id, tab, query.',
      })
    }
    await writeTrecRun(output, flags.tag ?? searcher.name.replaceAll(/\s/g, '-'), rankings())
    return { done, empty, long, retriever: searcher.name }
  })
  const nothing = empty === 0 ? '' : `; nothing found for ${many(empty, 'query', 'queries')}`
  if (flags.json) {
    const found = { queries: done, k, retriever, output, without_hits: empty, longer_than_bm25_reads: long }
    print(`${JSON.stringify(found, null, 1)}\n`)
    return
  }
  progress.finish(
    `${many(done, 'query', 'queries')}, up to ${many(k, 'document')} each, written to ${output}${nothing}`,
  )
  noteLong(flags, long)
}

/** Adds the flags that choose a retriever. */
export const withRetrieverFlags = (command: Command): Command =>
  command
    .option('--retriever <name>', 'bm25, dense, hybrid, dense:MODEL or hybrid:MODEL', 'bm25')
    .addOption(
      new Option('--approximate <index>', 'search vectors by an approximate index, built on first use').choices([
        'ivf',
        'hnsw',
      ]),
    )

export const register = (program: Command): void => {
  withRetrieverFlags(program.command('search'))
    .description('search the corpus of a run')
    .argument('<run>', 'folder of the run')
    .argument('<query>', 'any text')
    .option('--k <n>', 'hits to print', wholeNumber(1), 10)
    .option('--snippet <n>', 'tokens of a snippet', wholeNumber(0), 32)
    .option('--json', 'print JSON')
    .action(search)
  withRetrieverFlags(withOutput(withConfig(program.command('retrieve')), 'print what was done as JSON'))
    .description('rank the corpus of a run for a file of queries; write a TREC run file')
    .requiredOption('--queries <file>', 'TSV or CSV (id, query) or JSON Lines; .gz, .zst and .bz2 too')
    .requiredOption('--output <file>', 'run file to write, compressed if its name ends in .gz')
    .option('--k <n>', 'documents a query', wholeNumber(1), 1000)
    .option('--tag <name>', 'last column of the run file; default: the retriever')
    .action(retrieve)
}
