// The kernels of every composite and of its gradient. One that is missing does not compile.
import { at } from '../../graph/dims.ts'
import type { CompositeName } from '../../graph/operations.ts'
import { attention } from './attention.ts'
import type { CompositeLowering, Context, Given } from './lowering.ts'
import type { Operators } from './operators.ts'
import { rope } from './rope.ts'
import type { Handle, Tensors } from './tensors.ts'

/** [..., width] as a matrix [rows, width]. */
const rowsOf = ({ operators, tensors }: { operators: Operators; tensors: Tensors }, x: Handle): Handle =>
  operators.reshape(x, [-1, tensors.size(x, -1)])

const linear: CompositeLowering<'linear'> = {
  extras: 0,
  forward: (inputs, _, { operators }) => [operators.linear(at(inputs, 0), at(inputs, 1), inputs[2])],
  gradient: [
    ({ cotangent, inputs }, { operators }) => operators.matmul(cotangent, at(inputs, 1)),
    ({ cotangent, inputs }, context) => {
      const turned = context.operators.swap(rowsOf(context, cotangent), 0, 1)
      return context.operators.matmul(turned, rowsOf(context, at(inputs, 0)))
    },
    ({ cotangent }, context) => {
      const rows = rowsOf(context, cotangent)
      return context.operators.reshape(context.operators.sum(rows, [0]), [context.tensors.size(rows, 1)])
    },
  ],
}

const widthOf = ({ tensors }: Context, x: Handle): readonly number[] => [tensors.size(x, -1)]

const layerNorm: CompositeLowering<'layerNorm'> = {
  extras: 2,
  forward: (inputs, { epsilon }, context) => {
    const [x, scale, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)]
    return context.operators.layerNorm(x, widthOf(context, x), scale, bias, epsilon)
  },
  gradient: ({ cotangent, inputs, kept }, context) => {
    const [x, scale, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)]
    const [mean, deviation] = [at(kept, 1), at(kept, 2)]
    const wanted = [0, 1, 2].map((i) => (context.wanted[i] === true ? 1 : 0))
    return context.operators.layerNormBackward(
      cotangent,
      ...([x, widthOf(context, x), mean, deviation, scale, bias, wanted] as const),
    )
  },
}

const rmsNorm: CompositeLowering<'rmsNorm'> = {
  extras: 1,
  forward: (inputs, { epsilon }, context) =>
    context.operators.rmsNorm(at(inputs, 0), widthOf(context, at(inputs, 0)), at(inputs, 1), epsilon),
  gradient: ({ cotangent, inputs, kept }, context) => {
    const { operators, tensors, wanted } = context
    const [x, scale, inverse] = [at(inputs, 0), at(inputs, 1), at(kept, 1)]
    if (tensors.place.kind === 'cuda') {
      const both = [0, 1].map((i) => (wanted[i] === true ? 1 : 0))
      return operators.rmsNormBackward(cotangent, x, widthOf(context, x), inverse, scale, both)
    }
    // The processor has no kernel for it.
    const unit = operators.multiply(x, inverse)
    const weighted = operators.multiply(cotangent, scale)
    const share = operators.scale(operators.sum(operators.multiply(weighted, unit), [-1]), 1 / tensors.size(x, -1))
    const dx = operators.multiply(operators.subtract(weighted, operators.multiply(unit, share)), inverse)
    const rows = rowsOf(context, operators.multiply(cotangent, unit))
    return [dx, operators.reshape(operators.sum(rows, [0]), [tensors.size(x, -1)])]
  },
}

const FORMS = { exact: 'none', tanh: 'tanh' } as const
const gelu: CompositeLowering<'gelu'> = {
  extras: 0,
  forward: (inputs, { form }, { operators }) => [operators.gelu(at(inputs, 0), FORMS[form])],
  gradient: [
    ({ cotangent, inputs, attributes }, { operators }) =>
      operators.geluBackward(cotangent, at(inputs, 0), FORMS[attributes.form]),
  ],
}

const siluMul: CompositeLowering<'siluMul'> = {
  extras: 0,
  forward: (inputs, _, { operators }) => [operators.multiply(operators.silu(at(inputs, 0)), at(inputs, 1))],
  gradient: [
    ({ cotangent, inputs }: Given<'siluMul'>, { operators }) =>
      operators.siluBackward(operators.multiply(cotangent, at(inputs, 1)), at(inputs, 0)),
    ({ cotangent, inputs }, { operators }) => operators.multiply(cotangent, operators.silu(at(inputs, 0))),
  ],
}

export const COMPOSITES: { readonly [C in CompositeName]: CompositeLowering<C> } = {
  linear,
  attention,
  layerNorm,
  rmsNorm,
  gelu,
  siluMul,
  rope,
}
