// Stage index: the corpus made searchable.
import { join } from 'node:path'
import { connect } from '../../core/database.ts'
import type { Stage } from '../../pipeline/stage.ts'
import { BM25, buildBm25 } from '../../search/bm25.ts'
import { readDocuments } from '../../search/corpus.ts'
import { sections, type Config } from './config.ts'
import { reads, type Context } from './io.ts'

export const indexStage = {
  name: 'index',
  version: 1,
  summary: 'index the documents for BM25 search and for look-up by docid',
  config: sections,
  reads,
  writes: [],
  parameters: ({ index }) => index,
  run: async (context: Context) => {
    const connection = await connect({ threads: 1 })
    try {
      const built = await buildBm25(join(context.folder, BM25), readDocuments(connection, context.parts('documents')), {
        stopWords: context.config.index.stop_words,
        corpus: context.fingerprint('documents'),
        signal: context.signal,
        onProgress: (done) => context.mark(done, null, 'documents'),
      })
      return { counts: built }
    } finally {
      connection.closeSync()
    }
  },
} satisfies Stage<Config>
