// Texts of a file to a file of embeddings, a batch at a time.
import { resolve } from 'node:path'
import { ahead } from '../core/ahead.ts'
import { Interrupted, UserError } from '../core/errors.ts'
import { diskError } from '../core/files.ts'
import type { Encoder } from '../model/encoder.ts'
import { openEmbeddings } from './embedding-files.ts'
import { readTexts, type TextItem } from './text-files.ts'

/** Texts encoded at a time: many, so that those of one length find each other. */
const BATCH = 2048

async function* batchesOf(input: string, column: string | undefined): AsyncGenerator<TextItem[]> {
  let batch: TextItem[] = []
  for await (const items of readTexts(input, column))
    for (const item of items) {
      batch.push(item)
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
  if (batch.length > 0) yield batch
}

export interface EncodeFileOptions {
  readonly encoder: Encoder
  /** Lines of text, JSON Lines, CSV or TSV, as it is named; may be compressed. */
  readonly input: string
  /** The field or column of the text; "text" without. */
  readonly column?: string | undefined
  /** `.parquet`, `.npy`, `.jsonl` or `.csv`, in the order of the input; appears when it is complete. */
  readonly output: string
  readonly kind: 'query' | 'passage'
  readonly signal?: AbortSignal
  readonly onProgress?: (texts: number) => void
}

/** The number of texts. Errors: UserError for names, a malformed record or a full disk, Interrupted. */
export const encodeFile = async (options: EncodeFileOptions): Promise<number> => {
  const { encoder, input, column, output, kind, signal, onProgress } = options
  if (resolve(input) === resolve(output))
    throw new UserError({
      where: `--output ${output}`,
      expected: 'another file than the input',
      found: 'the input',
      fix: 'Name another one.',
    })
  const batches = batchesOf(input, column)
  const sink = await openEmbeddings(output, encoder.dimensions)
  try {
    let done = 0
    const encoded = async (batch: readonly TextItem[]) => {
      const texts = batch.map(({ text }) => text)
      return { ids: batch.map(({ id }) => id), vectors: await encoder.encode(texts, kind, signal) }
    }
    // The encoder tokenises a batch while it computes the one before.
    for await (const { ids, vectors } of ahead(batches, encoded, 2)) {
      if (signal?.aborted === true) throw new Interrupted()
      sink.append(ids, vectors)
      done += ids.length
      onProgress?.(done)
    }
    await sink.commit()
    return done
  } catch (error) {
    throw diskError(error, output)
  } finally {
    sink.close()
  }
}
