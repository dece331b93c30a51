// Stage index: the corpus made searchable.
import { join } from 'node:path'
import { documents } from '../../data/schemas.ts'
import { connect } from '../../core/database.ts'
import { readManifest } from '../../pipeline/manifest.ts'
import type { Stage } from '../../pipeline/stage.ts'
import type { Config } from '../config.ts'
import { BM25, buildBm25 } from '../../search/bm25.ts'
import { readDocuments } from '../../search/corpus.ts'

export const indexStage: Stage<Config> = {
  name: 'index',
  version: 1,
  summary: 'index the documents for BM25 search and for look-up by docid',
  tables: [],
  needs: () => ['ingest'],
  parameters: ({ index }) => index,
  outside: () => [],
  run: async (context) => {
    const connection = await connect({ threads: 1 })
    try {
      const built = await buildBm25(
        join(context.folder, BM25),
        readDocuments(connection, context.parts('ingest', documents)),
        {
          stopWords: context.config.index.stop_words,
          corpus: readManifest(context.folderOf('ingest'))?.fingerprint,
          signal: context.signal,
          onProgress: (done) => context.mark(done, null, 'documents'),
        },
      )
      return { counts: built }
    } finally {
      connection.closeSync()
    }
  },
}
