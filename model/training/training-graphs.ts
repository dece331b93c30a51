// The graphs of a training step that depend on the network: encoder, its vector-Jacobian product, and the loss.
import { encoderGraph, parameterInputs } from '../encoder-graph.ts'
import { gradients } from '../graph/differentiate.ts'
import { add } from '../graph/elementwise.ts'
import { topological } from '../graph/order.ts'
import { halfPrecision, type Precision } from '../graph/precision.ts'
import { recomputing } from '../graph/recompute.ts'
import { input } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import { weightedInfoNce } from './loss.ts'
import type { Network } from '../nets/network.ts'

/**
 * The encoder's embeddings, and its vector-Jacobian product: `next.NAME` = `sum.NAME` + the gradient of a micro-batch.
 * With `tables: rows` a table that is only gathered from gets the cotangents of the gathered rows (`rows.K`) and their
 * ids (`ids.K`) instead of a gradient as large as itself: the host adds them up, in order, so that the sum is the same
 * however many threads there are. With `keep: least` the backward pass computes again what is cheaper than to keep.
 */
export const encoderGraphs = (
  network: Network,
  precision: Precision,
  how: { readonly tables: 'rows' | 'dense'; readonly keep: 'all' | 'least' },
) => {
  const parameters = parameterInputs(network)
  const embeddings = encoderGraph(network, parameters)
  const frozen = new Set(network.parameters.flatMap(({ name, frozen: still }) => (still === true ? [name] : [])))
  const order = topological([embeddings])
  const users = (table: Value): Value[] => order.filter((value) => value.inputs.includes(table))
  const gathered = [...parameters].flatMap(([name, table]) => {
    const nodes = how.tables === 'rows' ? users(table) : []
    return nodes.length > 0 && !frozen.has(name) && nodes.every((node) => node.op === 'gather')
      ? nodes.map((node) => ({ name, node }))
      : []
  })
  const tables = gathered.map(({ name }) => name)
  const dense = [...parameters.keys()].filter((name) => !tables.includes(name) && !frozen.has(name))
  const values = [...gathered.map(({ node }) => node), ...dense.map((name) => parameters.get(name) ?? embeddings)]
  const inPrecision = (results: readonly Value[]): Value[] =>
    precision === 'float16' ? halfPrecision(results, parameters.values()) : [...results]
  const [forward, ...found] = inPrecision([
    embeddings,
    ...gradients(embeddings, values, input('cotangent', embeddings.shape)),
  ])
  const outputs: Record<string, Value> = {}
  for (const [k, { node }] of gathered.entries()) {
    outputs[`rows.${k}`] = found[k]
    outputs[`ids.${k}`] = node.inputs[1]
  }
  for (const [k, name] of dense.entries()) {
    const gradient = found[gathered.length + k]
    outputs[`next.${name}`] = add(input(`sum.${name}`, gradient.shape), gradient)
  }
  const kept = how.keep === 'all' ? Object.values(outputs) : recomputing(forward, Object.values(outputs))
  const named = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, kept[i]]))
  return { embeddings: forward, outputs: named, tables, dense }
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
  const [query, document] = gradients(loss, [queries, documents])
  return { loss, query_gradient: query, document_gradient: document }
}
