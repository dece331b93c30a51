// Linear layers, norms and activations in primitives.
import { at } from '../graph/dims.ts'
import { add, div, erf, mul, sigmoid, sqrt } from '../graph/elementwise.ts'
import { matmul } from '../graph/linear.ts'
import { make } from '../graph/make.ts'
import { sum } from '../graph/reduce.ts'
import { scalar } from '../graph/sources.ts'
import type { Value } from '../graph/value.ts'
import type { CompositeRow } from './row.ts'

const CHEAP = { broadcasts: 'no', twice: 'cheap', constants: [] } as const
const NORM = { ...CHEAP, reduced: 'never', gradientReads: 'inputs and value' } as const
const ACTIVATION = { ...CHEAP, reduced: 'safe', gradientReads: 'inputs' } as const

export const LINEAR: CompositeRow<'linear'> = {
  broadcasts: 'no',
  twice: 'product',
  reduced: 'product',
  constants: [],
  gradientReads: 'inputs',
  expand: (inputs) => {
    const bias = inputs[2]
    const product = matmul(at(inputs, 0), at(inputs, 1), false, true)
    return bias === undefined ? product : add(product, bias)
  },
}

export const LAYER_NORM: CompositeRow<'layerNorm'> = {
  ...NORM,
  expand: (inputs, attributes) => make('layerNormOutput', attributes, ...inputs),
}

export const RMS_NORM: CompositeRow<'rmsNorm'> = {
  ...NORM,
  expand: (inputs, { epsilon }) => {
    const x = at(inputs, 0)
    const meanSquare = mul(sum(mul(x, x), -1), scalar(1 / Number(at(x.shape, -1))))
    return mul(div(x, sqrt(add(meanSquare, scalar(epsilon)))), at(inputs, 1))
  },
}

export const GELU: CompositeRow<'gelu'> = {
  ...ACTIVATION,
  expand: (inputs, { form }) => (form === 'exact' ? exact(at(inputs, 0)) : byTangent(at(inputs, 0))),
}

/** In the form that ONNX Runtime makes one operation of. */
const exact = (x: Value): Value => mul(mul(x, scalar(0.5)), add(erf(div(x, scalar(Math.SQRT2))), scalar(1)))

/** x/2 · (1 + tanh u) with u = √(2/π) (x + 0.044715 x³), which is x · sigmoid(2u). */
const byTangent = (x: Value): Value => {
  const cube = mul(mul(x, x), x)
  return mul(x, sigmoid(mul(add(x, mul(cube, scalar(0.044715))), scalar(2 * Math.sqrt(2 / Math.PI)))))
}

export const SILU_MUL: CompositeRow<'siluMul'> = {
  ...ACTIVATION,
  expand: (inputs) => {
    const gate = at(inputs, 0)
    return mul(mul(gate, sigmoid(gate)), at(inputs, 1))
  },
}
