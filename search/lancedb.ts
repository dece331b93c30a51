// Loads LanceDB on first use: it reads its settings from the environment while it is being loaded.
import { resolve } from 'node:path'
import type * as Lance from '@lancedb/lancedb'

/**
 * What we set unless the user did. One worker builds the inverted index and starts another partition at 2 GiB of
 * postings, so what a partition holds depends on the documents and not on the machine's cores, and memory is bounded.
 */
const SETTINGS = { LANCEDB_LOG: 'error', LANCE_FTS_NUM_SHARDS: '1', LANCE_FTS_PARTITION_SIZE: '2048' } as const

/** LanceDB's module. Its warnings go to stderr only where the user set LANCEDB_LOG. */
export const loadLance = (): Promise<typeof Lance> => {
  for (const [name, value] of Object.entries(SETTINGS)) process.env[name] ??= value
  return import('@lancedb/lancedb')
}

/** A connection to the tables of a folder; a path that looks like the address of a store is still a folder's. */
export const connectLance = async (folder: string): Promise<Lance.Connection> =>
  (await loadLance()).connect(resolve(folder))
