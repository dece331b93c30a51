// Builds the searchable copy of the corpus in steps, of which a killed build repeats only the one it was in.
import { readFileSync, existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection, Index, Table } from '@lancedb/lancedb'
import { Interrupted, UserError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { connectLance, loadLance } from './lancedb.ts'
import { regroup } from '../core/regroup.ts'
import { FORMAT, INFO, TABLE, type IndexInfo } from './store.ts'

export interface IndexedDocument {
  readonly docid: string
  readonly title: string
  /** What is indexed; where a document has a title, it is the text's first line. */
  readonly text: string
}

export interface BuildOptions {
  readonly signal?: AbortSignal
  /** Called with the number of documents written so far. */
  readonly onProgress?: (documents: number) => void
  /**
   * Fingerprint of the corpus, checked when the index is opened. An unfinished build of the same corpus is gone on
   * with; without a fingerprint every build starts anew.
   */
  readonly corpus?: string
  /** Words that are not indexed: LanceDB's list of English, or the shorter one of Lucene's English analyzer. */
  readonly stopWords?: 'english' | 'lucene'
  /** Documents written at a time. */
  readonly rowsPerFragment?: number
}

/** What an unfinished build says of itself. */
const PLAN = 'building.json'

const fullText = {
  withPosition: false,
  baseTokenizer: 'simple',
  language: 'English',
  stem: true,
  removeStopWords: true,
  lowercase: true,
  asciiFolding: true,
} as const

/** Stop words of Lucene's EnglishAnalyzer. */
const LUCENE_STOP_WORDS =
  'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with'

/** What makes Arrow tables of documents; loaded when an index is built, since it takes a while. */
const loadArrow = async () => {
  const { Field, Schema, Table, Utf8, vectorFromArray } = await import('apache-arrow')
  const utf8 = (values: readonly string[]) => vectorFromArray(values, new Utf8())
  return {
    schema: new Schema(['docid', 'title', 'body'].map((name) => new Field(name, new Utf8(), true))),
    tableOf: (rows: readonly IndexedDocument[]) =>
      new Table({
        docid: utf8(rows.map((row) => row.docid)),
        title: utf8(rows.map((row) => row.title)),
        body: utf8(rows.map((row) => row.text)),
      }),
  }
}

type Arrow = Awaited<ReturnType<typeof loadArrow>>

/** The table of an unfinished build by the same plan, or an empty one. */
const openTable = async (
  folder: string,
  connect: () => Promise<Connection>,
  plan: string,
  resumable: boolean,
  { schema }: Arrow,
): Promise<{ connection: Connection; table: Table }> => {
  const path = join(folder, PLAN)
  if (resumable && existsSync(path) && readFileSync(path, 'utf8') === plan) {
    const connection = await connect()
    if ((await connection.tableNames()).includes(TABLE)) return { connection, table: await connection.openTable(TABLE) }
    connection.close()
  }
  await rm(folder, { recursive: true, force: true })
  writeFileAtomic(path, plan)
  const connection = await connect()
  return { connection, table: await connection.createEmptyTable(TABLE, schema) }
}

/**
 * Writes documents in their order to a table in `folder` and indexes them for full-text search and for look-up by
 * docid. It becomes valid only at the end. A build that was killed goes on after the last fragment, or after the last
 * index, that it finished; it ends with the same fragments and indexes as one that was not. Throws Interrupted when the
 * signal is aborted.
 */
export const buildStore = async (
  folder: string,
  batches: AsyncIterable<readonly IndexedDocument[]>,
  { signal, onProgress, corpus, stopWords = 'english', rowsPerFragment = 65_536 }: BuildOptions = {},
): Promise<{ documents: number }> => {
  const check = (): void => {
    if (signal?.aborted) throw new Interrupted()
  }
  const lance = await loadLance()
  const arrow = await loadArrow()
  const plan = JSON.stringify({ format: FORMAT, corpus, stopWords, rowsPerFragment })
  const { connection, table } = await openTable(folder, () => connectLance(folder), plan, corpus !== undefined, arrow)
  try {
    const kept = await table.countRows()
    let documents = 0
    for await (const rows of regroup(batches, rowsPerFragment)) {
      check()
      documents += rows.length
      if (documents > kept) await table.add(arrow.tableOf(rows))
      if (documents >= kept) onProgress?.(documents)
    }
    const rows = await table.countRows()
    if (rows !== documents) {
      const fix = 'Delete the folder; it will be built again.'
      throw new UserError({ where: folder, expected: `${documents} documents`, found: `${rows} rows`, fix })
    }
    const made = (await table.listIndices()).map(({ name }) => name)
    const index = async (column: string, config: Index): Promise<void> => {
      check()
      if (!made.includes(`${column}_idx`)) await table.createIndex(column, { config, name: `${column}_idx` })
    }
    check()
    // Fragments are joined before the indexes are made, which would be rewritten otherwise.
    if (made.length === 0) await table.optimize({ cleanupOlderThan: new Date(), deleteUnverified: true })
    const customStopWords = stopWords === 'lucene' ? { customStopWords: LUCENE_STOP_WORDS.split(' ') } : {}
    await index('body', lance.Index.fts({ ...fullText, ...customStopWords }))
    await index('docid', lance.Index.btree())
    table.close()
    const info: IndexInfo = { format: FORMAT, documents, ...(corpus === undefined ? {} : { corpus }) }
    writeFileAtomic(join(folder, INFO), JSON.stringify(info))
    await rm(join(folder, PLAN))
    return { documents }
  } finally {
    connection.close()
  }
}
