// The searchable copy of the corpus: one LanceDB table of documents with a full-text and a docid index.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Table } from '@lancedb/lancedb'
import { messageOf, UserError } from '../core/errors.ts'
import { connectLance } from './lancedb.ts'

/** What an index folder says of itself in index.json. */
export interface IndexInfo {
  readonly format: number
  readonly documents: number
  /** Fingerprint of the documents that were indexed, if the builder was given one. */
  readonly corpus?: string
}

/** An open index folder. */
export interface Store {
  readonly table: Table
  readonly info: IndexInfo
  close(): void
}

export const FORMAT = 1
export const TABLE = 'documents'
/** Written last: a folder without it is no index. */
export const INFO = 'index.json'

const missing = (folder: string, found: string, cause?: unknown): UserError =>
  new UserError({
    where: folder,
    expected: 'a search index',
    found,
    fix: 'Build it with the index stage.',
    cause,
  })

const readInfo = async (folder: string): Promise<IndexInfo> => {
  try {
    return JSON.parse(await readFile(join(folder, INFO), 'utf8')) as IndexInfo
  } catch (error) {
    throw missing(folder, messageOf(error), error)
  }
}

/**
 * Opens what `buildStore` wrote. Throws UserError where there is no whole index, one of another format, or, when
 * `corpus` is given, one of another corpus.
 */
export const openStore = async (folder: string, corpus?: string): Promise<Store> => {
  const info = await readInfo(folder)
  if (info.format !== FORMAT) throw missing(folder, `an index of format ${info.format}, not ${FORMAT}`)
  if (corpus !== undefined && info.corpus !== corpus) {
    throw new UserError({
      where: folder,
      expected: `an index of the corpus ${corpus}`,
      found: `one of ${info.corpus ?? 'an unnamed corpus'}`,
      fix: 'Run the index stage again over this corpus.',
    })
  }
  const connection = await connectLance(folder)
  try {
    const table = await connection.openTable(TABLE)
    const close = () => {
      table.close()
      connection.close()
    }
    return { table, info, close }
  } catch (error) {
    connection.close()
    throw missing(folder, messageOf(error), error)
  }
}
