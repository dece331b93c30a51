// The demo's synthetic encyclopedia as a collection: its passages, its questions and the passages that answer them.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { documents, qrels, queries } from '../../data/schemas.ts'
import { connect, copyTo, parquet } from '../../core/database.ts'
import { listParts } from '../../pipeline/parts.ts'
import { stageFolder } from '../../pipeline/manifest.ts'
import { measure } from '../measure.ts'
import type { Collection } from './corpus.ts'

/** Writes the collection unless it is there; a question for every five articles. */
export const writeEncyclopedia = async (folder: string, articles: number): Promise<Collection> => {
  const paths = {
    corpus: join(folder, 'corpus.jsonl'),
    queries: join(folder, 'queries.tsv'),
    qrels: join(folder, 'qrels.trec'),
  }
  if (existsSync(paths.qrels)) return paths
  const run = join(folder, 'source')
  const config = join(folder, 'source.yaml')
  const corpus = { format: 'synthetic', articles, questions: Math.round(articles / 5) }
  writeFileSync(config, JSON.stringify({ run, corpus }))
  const cli = fileURLToPath(new URL('../../cli/main.js', import.meta.url))
  await measure(process.execPath, [cli, 'run', '-c', config, '--to', 'ingest'])
  const connection = await connect()
  try {
    const from = (table: typeof documents | typeof queries | typeof qrels): string =>
      parquet(listParts(stageFolder(run, 'ingest'), table))
    const lines = `FORMAT csv, DELIMITER '\t', HEADER false, QUOTE ''`
    await connection.run(copyTo(`SELECT docid, "text" FROM ${from(documents)}`, paths.corpus, 'FORMAT json'))
    await connection.run(copyTo(`SELECT query_id, question FROM ${from(queries)}`, paths.queries, lines))
    await connection.run(
      copyTo(
        `SELECT query_id, '0', docid, relevance FROM ${from(qrels)}`,
        paths.qrels,
        `FORMAT csv, DELIMITER ' ', HEADER false, QUOTE ''`,
      ),
    )
  } finally {
    connection.closeSync()
  }
  return paths
}
