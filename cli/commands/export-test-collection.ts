// `lrat export-queries` and `lrat export-qrels`: a run's questions and judgements for other programs.
import { Option, type Command } from 'commander'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { connect, literal, parquet, stream, type DuckDBConnection } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { makeFolder } from '../../core/files.ts'
import { documents, qrels, queries, type Document } from '../../data/schemas.ts'
import { withoutTitle } from '../../data/title.ts'
import { intactParts } from '../../pipeline/intact.ts'
import { many } from '../../pipeline/progress.ts'
import { note } from '../print.ts'
import { source } from './table-source.ts'
import { writeLines } from './write-lines.ts'

interface Question {
  readonly query_id: string
  readonly question: string
}
interface Judgement {
  readonly query_id: string
  readonly docid: string
  readonly relevance: number
}

/** The questions of a run, those of the test collection and those of the agents, each once, in the order of their ids. */
const questionsOf = (run: string, split: string | undefined): string => {
  const parts = ['ingest', 'generate'].flatMap((stage) => intactParts(run, stage, queries))
  const from = parts.length > 0 ? parquet(parts) : source(run, 'ingest', queries)
  const where = split === undefined ? '' : `WHERE split = ${literal(split)}`
  return `(SELECT query_id, any_value(question) AS question, any_value(split) AS split
    FROM ${from} ${where} GROUP BY query_id ORDER BY query_id)`
}

const judgementsOf = (run: string, split: string | undefined): string => {
  const wanted = split === undefined ? '' : `WHERE query_id IN (SELECT query_id FROM ${questionsOf(run, split)})`
  return `SELECT query_id, docid, relevance FROM ${source(run, 'ingest', qrels)} ${wanted} ORDER BY query_id, docid`
}

const withDatabase = async <T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> => {
  const connection = await connect({ threads: 1 })
  try {
    return await work(connection)
  } finally {
    connection.closeSync()
  }
}

/** An id for a format whose columns are parted by white space or tabs. Errors: UserError where it has some. */
const plainId = (id: string, parted: RegExp, format: string): string => {
  if (id !== '' && !parted.test(id)) return id
  throw new UserError({
    where: `id ${JSON.stringify(id)}`,
    expected: `an id that ${format} can hold`,
    found: id === '' ? 'an empty one' : 'one with white space',
    fix: 'Choose --format beir for ids with spaces, or --output FILE.jsonl; rename those with tabs or line breaks.',
  })
}
const TABS = /[\t\r\n]/
const SPACES = /\s/

const beirQuery = ({ query_id, question }: Question): string => JSON.stringify({ _id: query_id, text: question })
const tabbed = (...cells: readonly (string | number)[]): string => cells.join('\t')

const exportQueries = async (
  run: string,
  flags: { readonly output: string; readonly split?: string },
): Promise<void> => {
  const { output, split } = flags
  const asJson = output.endsWith('.jsonl')
  if (!asJson && !output.endsWith('.tsv'))
    throw new UserError({
      where: `--output ${output}`,
      expected: 'a name that ends in .tsv or .jsonl',
      found: 'another ending',
      fix: 'TSV has id and text; .jsonl is as in BEIR, {"_id", "text"}.',
    })
  makeFolder(dirname(output))
  const line = ({ query_id, question }: Question): string =>
    tabbed(plainId(query_id, TABS, 'TSV'), question.replaceAll(/\s+/g, ' '))
  const rows = await withDatabase((connection) =>
    writeLines(
      output,
      stream<Question>(connection, `SELECT query_id, question FROM ${questionsOf(run, split)}`),
      asJson ? beirQuery : line,
    ),
  )
  note(`${many(rows, 'query', 'queries')} written to ${output}\n`)
}

const beirQrel = ({ query_id, docid, relevance }: Judgement): string =>
  tabbed(plainId(query_id, TABS, 'TSV'), plainId(docid, TABS, 'TSV'), relevance)
const trecQrel = ({ query_id, docid, relevance }: Judgement): string =>
  `${plainId(query_id, SPACES, 'TREC')} 0 ${plainId(docid, SPACES, 'TREC')} ${relevance}`

const BEIR_HEAD = 'query-id\tcorpus-id\tscore\n'

const exportBeir = async (run: string, output: string, split: string | undefined): Promise<string> => {
  if (existsSync(output) && readdirSync(output).length > 0)
    throw new UserError({
      where: output,
      expected: 'a new or an empty folder',
      found: 'one that holds files',
      fix: 'Name another one with --output, or empty it.',
    })
  makeFolder(join(output, 'qrels'))
  return withDatabase(async (connection) => {
    const passage = ({ docid, title, text }: Document): string =>
      JSON.stringify({ _id: docid, title, text: withoutTitle(title, text) })
    const corpus = stream<Document>(connection, `SELECT docid, title, text FROM ${source(run, 'ingest', documents)}`)
    const passages = await writeLines(join(output, 'corpus.jsonl'), corpus, passage)
    const asked = stream<Question>(connection, `SELECT query_id, question FROM ${questionsOf(run, split)}`)
    const questions = await writeLines(join(output, 'queries.jsonl'), asked, beirQuery)
    const judged = stream<Judgement>(connection, judgementsOf(run, split))
    const file = join(output, 'qrels', `${split ?? 'test'}.tsv`)
    const judgements = await writeLines(file, judged, beirQrel, BEIR_HEAD)
    return `${many(passages, 'document')}, ${many(questions, 'query', 'queries')}, ${many(judgements, 'judgement')}`
  })
}

interface QrelsFlags {
  readonly output: string
  readonly format: 'trec' | 'tsv' | 'beir'
  readonly split?: string
}

const exportQrels = async (run: string, { output, format, split }: QrelsFlags): Promise<void> => {
  if (format === 'beir') {
    note(`${await exportBeir(run, output, split)} written to ${output}\n`)
    return
  }
  makeFolder(dirname(output))
  const rows = await withDatabase((connection) => {
    const judged = stream<Judgement>(connection, judgementsOf(run, split))
    return format === 'trec' ? writeLines(output, judged, trecQrel) : writeLines(output, judged, beirQrel, BEIR_HEAD)
  })
  note(`${many(rows, 'judgement')} written to ${output}\n`)
}

export const register = (program: Command): void => {
  const split = ['--split <name>', 'only queries of this split; default: all'] as const
  program
    .command('export-queries')
    .description("a run's questions, as TSV or as BEIR's JSON Lines")
    .argument('<run>', 'folder of the run')
    .requiredOption('--output <file>', '.tsv (id, text) or .jsonl')
    .option(...split)
    .action(exportQueries)
  program
    .command('export-qrels')
    .description("a run's judgements for trec_eval, as TSV, or its whole test collection as BEIR has it")
    .argument('<run>', 'folder of the run')
    .requiredOption('--output <path>', 'file to write; with --format beir a folder')
    .addOption(
      new Option('--format <format>', 'trec, tsv, or beir: corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv')
        .choices(['trec', 'tsv', 'beir'])
        .default('trec'),
    )
    .option(...split)
    .action(exportQrels)
}
