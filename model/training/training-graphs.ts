// The graphs of a training step that depend on the network: encoder, its vector-Jacobian product, and the loss.
import { encoderGraph, parameterInputs } from '../encoder-graph.ts'
import { at } from '../graph/dims.ts'
import { add } from '../graph/elementwise.ts'
import { topological } from '../graph/order.ts'
import type { Precision } from '../graph/precision.ts'
import { input } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import type { Network } from '../nets/network.ts'
import { gradients } from '../passes/differentiate.ts'
import { expand, type Taken } from '../passes/expand.ts'
import { recomputing } from '../passes/recompute.ts'
import { FLOATS, reducedPrecision } from '../passes/reduced-precision.ts'
import { weightedInfoNce } from './loss.ts'

/**
 * The encoder's embeddings, and its vector-Jacobian product: `next.NAME` = `sum.NAME` + the gradient of a micro-batch.
 * Composites that the executor does not take are expanded first. With `tables: rows` a table that is only gathered from gets the cotangents of the gathered rows (`rows.K`) and their
 * ids (`ids.K`) instead of a gradient as large as itself: the host adds them up, in order, so that the sum is the same
 * however many threads there are. With `keep: least` the backward pass computes again what is cheaper than to keep.
 */
export const encoderGraphs = (
  network: Network,
  precision: Precision,
  how: { readonly tables: 'rows' | 'dense'; readonly keep: 'all' | 'least'; readonly composites: Taken },
) => {
  const parameters = parameterInputs(network)
  const embeddings = at(expand([encoderGraph(network, parameters)], how.composites), 0)
  const frozen = new Set(network.parameters.flatMap(({ name, frozen: still }) => (still === true ? [name] : [])))
  const order = topological([embeddings])
  /** Where a table is gathered from, if nothing else is done with it. */
  const gathersOf = (table: Value): readonly Value<'gather'>[] => {
    const users = order.filter((value) => value.inputs.includes(table))
    const gathers = users.filter((value) => value.op === 'gather')
    return how.tables === 'rows' && gathers.length === users.length ? gathers : []
  }
  const trained = [...parameters].filter(([name]) => !frozen.has(name))
  const gathered = trained.flatMap(([name, table]) => gathersOf(table).map((node) => ({ name, node })))
  const tables = gathered.map(({ name }) => name)
  const dense = trained.filter(([name]) => !tables.includes(name))
  const values = [...gathered.map(({ node }) => node), ...dense.map(([, parameter]) => parameter)]
  const whole = [embeddings, ...gradients(embeddings, values, input('cotangent', embeddings.shape))]
  const float = FLOATS[precision]
  const inPrecision = float === 'f32' ? whole : reducedPrecision(whole, parameters.values(), float)
  const [forward, found] = [at(inPrecision, 0), inPrecision.slice(1)]
  const outputs: Record<string, Value> = {}
  for (const [k, { node }] of gathered.entries()) {
    outputs[`rows.${k}`] = at(found, k)
    outputs[`ids.${k}`] = at(node.inputs, 1)
  }
  for (const [k, [name]] of dense.entries()) {
    const gradient = at(found, gathered.length + k)
    outputs[`next.${name}`] = add(input(`sum.${name}`, gradient.shape), gradient)
  }
  const kept = how.keep === 'all' ? Object.values(outputs) : recomputing(forward, Object.values(outputs))
  const named = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, at(kept, i)]))
  return { embeddings: forward, outputs: named, tables, dense: dense.map(([name]) => name) }
}

/**
 * `loss`, and its gradient on `queries` and `documents`: L2-normalised embeddings, or what `normalise` makes them of.
 */
export const lossGraph = (
  width: number,
  temperature: number,
  normalise = (x: Value): Value => x,
): Record<string, Value> => {
  const queries = input('queries', ['queries', width])
  const documents = input('documents', ['documents', width])
  const loss = weightedInfoNce(
    {
      queries: normalise(queries),
      documents: normalise(documents),
      logCounts: input('log_counts', ['queries', 'documents']),
      targets: input('targets', ['queries', 'documents']),
      weights: input('weights', ['queries']),
    },
    temperature,
  )
  const found = gradients(loss, [queries, documents])
  return { loss, query_gradient: at(found, 0), document_gradient: at(found, 1) }
}
