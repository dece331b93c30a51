// Walks a graph with TensorFlow.js, op by op: the independent oracle of the tests, and a way to GPUs through tfjs-node.
import type * as Tfjs from '@tensorflow/tfjs-core'
import { toHalf } from '../../core/half.ts'
import { topological } from '../graph/order.ts'
import { inputsOf } from '../graph/sources.ts'
import { at, factors, type Dim } from '../graph/dims.ts'
import type { PrimitiveName } from '../graph/operations.ts'
import type { Value } from '../graph/value.ts'
import { expand, NO_COMPOSITES, onlyPrimitives } from '../passes/expand.ts'
import { simplify } from '../passes/simplify.ts'
import type { TfjsContext } from '../primitives/row.ts'
import { PRIMITIVES } from '../primitives/table.ts'
import type { Compile, Executable, Tensor, Tensors } from './executor.ts'

/** An executor on any TensorFlow.js with its backend set. */
export const compileTfjs =
  (tf: typeof Tfjs): Compile =>
  async (outputs): Promise<Executable> => {
    const names = Object.keys(outputs)
    const results = simplify(expand(Object.values(outputs), NO_COMPOSITES))
    const order = onlyPrimitives(topological(results))
    return {
      run: async (feeds, into = {}) => {
        const sizes = namedSizes(order, feeds)
        const found = tf.tidy(() => {
          const tensors = new Map<Value, Tfjs.Tensor>()
          for (const value of order) tensors.set(value, compute(tf, value, tensors, feeds, sizes))
          return results.map((value) => required(tensors, value))
        })
        const data = await Promise.all(found.map((t) => t.data()))
        const dims = found.map((t) => t.shape)
        tf.dispose(found)
        return Object.fromEntries(
          names.map((name, i) => {
            const fresh = results[i].dtype === 'i32' ? Int32Array.from(data[i]) : Float32Array.from(data[i])
            const given = (into[name] as Tensor | undefined)?.data
            given?.set(fresh)
            return [name, { data: given ?? fresh, dims: dims[i] }]
          }),
        )
      },
      close: async () => {},
    }
  }

/** An executor on TensorFlow.js' plain JavaScript backend. */
export const compileTfjsCpu: Compile = async (outputs, options) => {
  const tf = await import('@tensorflow/tfjs-core')
  await import('@tensorflow/tfjs-backend-cpu')
  // Without it the backend prints an advertisement.
  tf.enableProdMode()
  await tf.setBackend('cpu')
  return compileTfjs(tf)(outputs, options)
}

const required = (tensors: ReadonlyMap<Value, Tfjs.Tensor>, value: Value): Tfjs.Tensor => {
  const found = tensors.get(value)
  if (found === undefined) throw new TypeError(`${value.op} was not computed`)
  return found
}

const compute = (
  tf: typeof Tfjs,
  value: Value<PrimitiveName>,
  tensors: ReadonlyMap<Value, Tfjs.Tensor>,
  feeds: Tensors,
  sizes: (dims: readonly Dim[]) => number[],
): Tfjs.Tensor => {
  if (value.op !== 'input') {
    const inputs = value.inputs.map((x) => required(tensors, x))
    const result = lower(tf, inputs, { sizes, value })
    // It has no halves: what a device with them would round, it rounds after each operation.
    return value.dtype === 'f16' ? tf.tensor(result.dataSync().map(toHalf), result.shape) : result
  }
  const { name } = value.attributes
  const fed = feeds[name] as Tensors[string] | undefined
  if (fed === undefined) throw new TypeError(`the graph's input "${name}" was not fed`)
  return tf.tensor(fed.data, [...fed.dims], fed.data instanceof Int32Array ? 'int32' : 'float32')
}

const lower = <P extends PrimitiveName>(
  tf: typeof Tfjs,
  inputs: readonly Tfjs.Tensor[],
  context: TfjsContext<P>,
): Tfjs.Tensor => PRIMITIVES[context.value.op].tfjs(tf, inputs, context)

/** Resolves named dimensions by the shapes of what was fed. */
export const namedSizes = (order: readonly Value[], feeds: Tensors): ((dims: readonly Dim[]) => number[]) => {
  const known = new Map<string, number>()
  for (const { attributes, shape } of inputsOf(order)) {
    const fed = feeds[attributes.name] as Tensors[string] | undefined
    if (fed === undefined) continue
    for (const [i, dim] of shape.entries()) if (typeof dim === 'string') known.set(dim, at(fed.dims, i))
  }
  const size = (name: string): number => {
    const found = /^\d+$/.test(name) ? Number(name) : known.get(name)
    if (found === undefined) throw new TypeError(`no input of the graph has the dimension "${name}"`)
    return found
  }
  return (dims) =>
    dims.map((dim) =>
      typeof dim === 'number'
        ? dim
        : factors(dim)
            .map(size)
            .reduce((a, b) => a * b),
    )
}
