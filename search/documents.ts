// Texts of documents by docid, many in one read.
import { literal } from '../core/database.ts'
import { openStore } from './store.ts'

export interface DocumentText {
  readonly title: string
  readonly text: string
}

export interface DocumentStore {
  /** Number of documents in the store. */
  readonly size: number
  /** The documents that exist among `docids`; one that does not is not in the map. */
  get(docids: readonly string[]): Promise<Map<string, DocumentText>>
  close(): Promise<void>
}

const DOCIDS_PER_READ = 1_000

/** Opens the texts that `buildBm25` stored in `folder`. */
export const openDocuments = async (folder: string, { corpus }: { corpus?: string } = {}): Promise<DocumentStore> => {
  const store = await openStore(folder, corpus)
  const get = async (docids: readonly string[]) => {
    const unique = [...new Set(docids)]
    const texts = new Map<string, DocumentText>()
    for (let start = 0; start < unique.length; start += DOCIDS_PER_READ) {
      const wanted = unique.slice(start, start + DOCIDS_PER_READ).map(literal)
      const rows = (await store.table
        .query()
        .where(`docid IN (${wanted.join(', ')})`)
        .select(['docid', 'title', 'body'])
        .toArray()) as { docid: string; title: string; body: string }[]
      for (const { docid, title, body } of rows) texts.set(docid, { title, text: body })
    }
    return texts
  }
  return { size: store.info.documents, get, close: async () => store.close() }
}
