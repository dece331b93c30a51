// The retrievers of a finished run, by name: bm25, a trained encoder, or both fused.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Searcher, SearchQuery } from './searcher.ts'
import { documents } from '../data/schemas.ts'
import { loadEncoder, type Encoder } from '../model/encoder.ts'
import { isHubName, modelPath } from '../model/resolve.ts'
import { loadTokenizer, type Tokenizer } from '../model/tokenize/tokenizer.ts'
import { connect } from '../core/database.ts'
import { UserError } from '../core/errors.ts'
import { hint, unknownName } from '../core/nearest.ts'
import { digest, hashOutside } from '../pipeline/fingerprint.ts'
import { readManifest } from '../pipeline/manifest.ts'
import { listParts } from '../pipeline/parts.ts'
import { stageFolder } from '../pipeline/manifest.ts'
import { buildApproximate, hasApproximate, openApproximate, type ApproximateKind } from './approximate.ts'
import { BM25, openBm25 } from './bm25.ts'
import { createBlockSearcher } from './dense.ts'
import { openDocuments, type DocumentStore } from './documents.ts'
import { createHybrid } from './hybrid.ts'
import { readDocuments } from './corpus.ts'
import { encodeCorpus, hasVectors, openVectors, type StorageType } from './vectors.ts'

export interface RetrieverOptions {
  /** How vectors are kept on disk. */
  readonly storage?: StorageType
  /** Search by an approximate index instead of exactly. */
  readonly approximate?: ApproximateKind
  /** Weights of BM25 and of the encoder in a hybrid. */
  readonly weights?: readonly [number, number]
  readonly signal?: AbortSignal
  /** Told while the corpus is encoded for the first time. */
  readonly onProgress?: (documents: number) => void
}

const indexFolder = (run: string): string => join(stageFolder(run, 'index'), BM25)

/** Names of the trained models of a run, such as "lrat-1": weighting and seed. */
export const modelsOf = (run: string): string[] => {
  const folder = stageFolder(run, 'train')
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'model')))
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** The folder of a model: of a run's model (default: its first), of any folder, or of a name in the Hugging Face cache. */
export const modelFolder = (run: string, model?: string): string => {
  const models = modelsOf(run)
  const name = model ?? models.at(0)
  if (name !== undefined && models.includes(name)) return join(stageFolder(run, 'train'), name, 'model')
  if (name !== undefined && (existsSync(join(name, 'modules.json')) || isHubName(name))) return modelPath(name)
  if (name === undefined)
    throw new UserError({
      where: run,
      expected: 'a trained model',
      found: 'none',
      fix: 'Run the train stage, or name a model folder.',
    })
  throw unknownName({
    where: `${run}, model ${name}`,
    expected: 'a model of the run, or a model folder',
    name,
    known: models,
    list: 'Models of this run',
    otherwise: 'This run has no trained model: run the train stage, or name a model folder.',
  })
}

/** Throws UserError where the index was built from documents that the run no longer has. */
const checkIndexed = (run: string): void => {
  const corpus = readManifest(stageFolder(run, 'ingest'))?.fingerprint
  const indexed = readManifest(stageFolder(run, 'index'))?.inputs['ingest']
  if (corpus === undefined || indexed === undefined || corpus === indexed) return
  throw new UserError({
    where: indexFolder(run),
    expected: `an index of the run's corpus (${corpus.slice(0, 12)})`,
    found: `one of another corpus (${indexed.slice(0, 12)})`,
    fix: 'Run the index stage again.',
  })
}

export const openRunDocuments = (run: string): Promise<DocumentStore> => openDocuments(indexFolder(run))

/** The tokenizer that the run counts tokens with. */
export const runTokenizer = async (run: string): Promise<Tokenizer> => {
  const parameters = readManifest(stageFolder(run, 'ingest'))?.parameters as { tokenizer?: unknown } | undefined
  return loadTokenizer(typeof parameters?.tokenizer === 'string' ? parameters.tokenizer : 'whitespace')
}

/** Query embeddings of an encoder for a searcher. */
const queryEncoder = (encoder: Encoder) => (queries: readonly SearchQuery[]) =>
  encoder.encode(
    queries.map((query) => query.text),
    'query',
  )

const openSearcher = async (
  folder: string,
  name: string,
  encoder: Encoder,
  { approximate, signal }: RetrieverOptions,
): Promise<Searcher> => {
  const encodeQueries = queryEncoder(encoder)
  if (approximate === undefined) return createBlockSearcher(await openVectors(folder), { name, encodeQueries })
  const index = join(folder, approximate)
  if (!hasApproximate(index)) await buildApproximate(index, await openVectors(folder), approximate, signal)
  return openApproximate(index, { name: `${name}:${approximate}`, encodeQueries })
}

const openDense = async (run: string, model: string | undefined, options: RetrieverOptions): Promise<Searcher> => {
  const folder = modelFolder(run, model)
  const storage = options.storage ?? 'float32'
  const label = modelsOf(run).find((name) => modelFolder(run, name) === folder)
  const vectors = join(run, 'vectors', label ?? `other-${digest(resolve(folder)).slice(0, 12)}`)
  const corpus = readManifest(stageFolder(run, 'ingest'))?.fingerprint
  mkdirSync(join(run, 'vectors'), { recursive: true })
  const files = hashOutside([folder], join(run, 'vectors', 'hashes.json')).map(({ sha256 }) => sha256)
  const key = digest({ corpus, files, storage })
  const encoder = await loadEncoder(folder)
  if (!(await hasVectors(vectors, key))) {
    const connection = await connect({ threads: 1 })
    try {
      await encodeCorpus(vectors, {
        ...options,
        documents: readDocuments(connection, listParts(stageFolder(run, 'ingest'), documents)),
        encode: (texts) => encoder.encode(texts, 'passage', options.signal),
        dims: encoder.dimensions,
        type: storage,
        key,
      })
    } finally {
      connection.closeSync()
    }
  }
  const searcher = await openSearcher(vectors, `dense:${label ?? model ?? folder}`, encoder, options)
  return {
    ...searcher,
    close: async () => {
      await searcher.close()
      await encoder.close()
    },
  }
}

/**
 * Opens `bm25`, `dense`, `hybrid`, or `dense:MODEL` and `hybrid:MODEL` with one of the run's models or a model folder.
 * The first use of a model encodes the corpus into the run's folder `vectors`. Throws UserError for another name, and
 * where the run lacks what the retriever needs.
 */
export const openRetriever = async (run: string, name: string, options: RetrieverOptions = {}): Promise<Searcher> => {
  const [, kind, model] = /^(bm25|dense|hybrid)(?::(.+))?$/s.exec(name) ?? []
  if (kind === undefined || (kind === 'bm25' && model !== undefined)) {
    throw new UserError({
      where: `retriever "${name}"`,
      expected: 'bm25, dense, hybrid, dense:MODEL or hybrid:MODEL',
      found: name,
      fix: `${hint(name, ['bm25', 'dense', 'hybrid'])}Models of this run: ${modelsOf(run).join(', ') || 'none'}.`,
    })
  }
  checkIndexed(run)
  if (kind === 'dense') return openDense(run, model, options)
  const bm25 = await openBm25(indexFolder(run))
  if (kind === 'bm25') return bm25
  const dense = await openDense(run, model, options)
  const [a, b] = options.weights ?? [1, 1]
  const parts = [
    { searcher: bm25, weight: a },
    { searcher: dense, weight: b },
  ]
  return createHybrid({ name: dense.name.replace('dense', 'hybrid'), parts })
}
