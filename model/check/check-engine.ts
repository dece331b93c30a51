// Whether this machine's executor computes what PyTorch's autograd does, on small cases with known results.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError, messageOf } from '../../core/errors.ts'
import { errorsBetween, outcomeOf, type CheckOptions, type EngineErrors, type Engines } from './check-outcome.ts'
import { readable } from '../files/reading.ts'
import { readSafeTensors, type Parameters } from '../files/safetensors.ts'
import { EXCLUDED, normalisedWeights } from '../training/loss.ts'
import { networkOf } from '../nets/architectures.ts'
import type { Pooling } from '../nets/pooling.ts'

interface Texts {
  readonly input_ids: readonly (readonly number[])[]
  readonly attention_mask: readonly (readonly number[])[]
}
interface CaseBatch {
  readonly pooling: Pooling
  readonly temperature: number
  readonly group_size: number
  readonly in_batch_negatives: boolean
  readonly normalizer: 'batch' | 'weights'
  readonly weights: readonly number[]
  readonly optimizer: {
    readonly lr: number
    readonly betas: readonly [number, number]
    readonly eps: number
    readonly weight_decay: number
  }
  readonly query: Texts
  readonly document: Texts
}

/**
 * Runs the case in `folder` (config.json, model.safetensors, batch.json, expected.json, expected.safetensors) through
 * the training engine. Throws UserError when a file is missing or does not fit.
 */
export const checkEngine = async (folder: string, on: Engines, options: CheckOptions = {}): Promise<EngineErrors> => {
  const config = await readJson<Record<string, unknown>>(join(folder, 'config.json'))
  const batch = await readJson<CaseBatch>(join(folder, 'batch.json'))
  const results = await readJson<{ losses: number[]; loss_after3: number }>(join(folder, 'expected.json'))
  const { tensors } = await readSafeTensors(join(folder, 'expected.safetensors'))
  const { tensors: parameters } = await readSafeTensors(join(folder, 'model.safetensors'))
  const { lr, betas, eps, weight_decay } = batch.optimizer
  const [queries, documents] = [textsOf(batch.query), textsOf(batch.document)]
  const problem = {
    network: networkOf(config, join(folder, 'config.json'), batch.pooling),
    parameters,
    queries,
    documents,
    feeds: lossFeeds(batch, queries.length, documents.length),
    temperature: batch.temperature,
    optimizer: { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay: weight_decay },
    learningRate: lr,
    padId: Number(config.pad_token_id ?? 0),
  }
  const embeddings = ['query_embeddings', 'document_embeddings'].flatMap((name) => [...(tensors.get(name)?.data ?? [])])
  return errorsBetween(await outcomeOf(problem, on, options), {
    embeddings: Float32Array.from(embeddings),
    losses: [...results.losses, results.loss_after3],
    gradients: expectedUnder(tensors, 'grad.'),
    parameters: expectedUnder(tensors, 'after3.'),
  })
}

/** Token ids without their padding. */
const textsOf = ({ input_ids, attention_mask }: Texts): Int32Array[] =>
  input_ids.map((ids, i) => Int32Array.from(ids.filter((_, j) => attention_mask[i][j] === 1)))

const lossFeeds = (batch: CaseBatch, queries: number, documents: number) => {
  const group = (column: number): number => Math.floor(column / batch.group_size)
  const cells = Array.from({ length: queries * documents }, (_, k) => [Math.floor(k / documents), k % documents])
  return {
    logCounts: Float32Array.from(cells, ([q, d]) => (batch.in_batch_negatives || group(d) === q ? 0 : EXCLUDED)),
    targets: Float32Array.from(cells, ([q, d]) => (d === q * batch.group_size ? 1 : 0)),
    weights: normalisedWeights(batch.weights, batch.normalizer),
  }
}

const expectedUnder = (tensors: Parameters, prefix: string): Parameters =>
  new Map(
    [...tensors].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  )

const readJson = async <T>(path: string): Promise<T> => {
  const text = await readable(path, () => readFile(path, 'utf8'))
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new UserError({
      where: path,
      expected: 'JSON',
      found: messageOf(error),
      fix: 'Write the case again with generate.py.',
      cause: error,
    })
  }
}
