// The kernels behind PyTorch's scaled_dot_product_attention: one on processors, two on cards. Those on cards have been
// written by their declarations; no card has run them yet.
import { bool, dispatcherOf, float, maybe, tensor } from './dispatch.ts'
import type { CFunction, Kind } from './ffi.ts'
import type { Handle, Tensors } from './tensors.ts'

export interface AttentionInputs {
  /** [batch, heads, length, width] each. */
  readonly q: Handle
  readonly k: Handle
  readonly v: Handle
  /** Added to the scores: broadcasts to [batch, heads, length, length]. */
  readonly bias: Handle | undefined
  readonly scale: number
  readonly causal: boolean
}
export interface AttentionGradientInputs extends AttentionInputs {
  readonly cotangent: Handle
  /** What the forward kernel gave. */
  readonly kept: readonly Handle[]
}
export interface AttentionKernels {
  /** The result and what the gradient's kernel wants to have with it, six tensors at most. */
  readonly attention: (inputs: AttentionInputs) => readonly Handle[]
  readonly attentionBackward: (inputs: AttentionGradientInputs) => readonly [Handle, Handle, Handle]
}
interface Casts {
  readonly expand: (x: Handle, sizes: readonly number[]) => Handle
  readonly like: (x: Handle, other: Handle) => Handle
}

const three = ([dq, dk, dv]: readonly Handle[]): readonly [Handle, Handle, Handle] => {
  if (dq === undefined || dk === undefined || dv === undefined) throw new TypeError('attention has three gradients')
  return [dq, dk, dv]
}

export const attentionOn = (tensors: Tensors, casts: Casts): AttentionKernels =>
  tensors.place.kind === 'cpu' ? onProcessor(tensors) : onCard(tensors, casts)

const onProcessor = (tensors: Tensors): AttentionKernels => {
  const { operator } = dispatcherOf(tensors)
  const name = '_scaled_dot_product_flash_attention_for_cpu'
  const forward = operator(name, '', [tensor, tensor, tensor, float, bool, maybe(tensor), maybe(float)], 2)
  const backward = operator(
    `${name}_backward`,
    '',
    [tensor, tensor, tensor, tensor, tensor, tensor, float, bool, maybe(tensor), maybe(float)],
    3,
  )
  return {
    attention: ({ q, k, v, bias, scale, causal }) => forward(q, k, v, 0, causal, bias, scale),
    attentionBackward: ({ cotangent, q, k, v, kept: [out = 0, sums = 0], bias, scale, causal }) =>
      three(backward(cotangent, q, k, v, out, sums, 0, causal, bias, scale)),
  }
}

/** Words that these calls use: results, then what a function takes the address of. */
const [RESULTS, SCALE, BIAS, MASK, INTEGERS] = [200, 216, 217, 218, 222]

const words = (count: number): Kind[] => Array.from({ length: count }, () => 'word')

const onCard = (tensors: Tensors, { expand, like }: Casts): AttentionKernels => {
  const { torch, own, check } = tensors
  const { words: memory } = torch
  const find = (name: string, kinds: readonly Kind[]): CFunction =>
    torch.find(`aoti_torch_cuda__scaled_dot_product_${name}_attention`, 'int', kinds) ??
    (() => {
      throw new TypeError(`LibTorch ${torch.version} has no ${name} attention`)
    })
  const ends = (count: number): Kind[] => ['word', ...words(count)]
  const flash = torch.find('aoti_torch_cuda__scaled_dot_product_flash_attention', 'int', [
    ...words(3),
    'double',
    'int',
    'int',
    ...ends(9),
  ])
  const flashBackward = torch.find('aoti_torch_cuda__scaled_dot_product_flash_attention_backward', 'int', [
    ...words(10),
    'double',
    'int',
    ...words(2),
    ...ends(3),
  ])
  const efficient = find('efficient', [...words(4), 'int', 'double', 'int', ...ends(4)])
  const efficientBackward = torch.find('aoti_torch_cuda__scaled_dot_product_efficient_attention_backward', 'int', [
    ...words(9),
    'double',
    ...words(2),
    'int',
    ...ends(4),
  ])
  const empty = torch.get('aoti_torch_new_uninitialized_tensor', 'int', ['word'])
  const results = (code: number, count: number): Handle[] => {
    check(code, 'attention')
    return Array.from({ length: count }, (_, i) => own(memory.get(RESULTS + i)))
  }
  const to = (count: number): number[] => Array.from({ length: count }, (_, i) => memory.at(RESULTS + i))
  const scaleAt = (scale: number): number => {
    memory.setDouble(SCALE, scale)
    return memory.at(SCALE)
  }
  /** It computes in halves only, and takes no bias. */
  const takesFlash = ({ q, bias }: AttentionInputs): boolean =>
    bias === undefined && flash !== undefined && flashBackward !== undefined && tensors.type(q) !== tensors.types.f32
  const whole = ({ q, bias }: AttentionInputs): Handle | undefined =>
    bias === undefined
      ? undefined
      : like(
          expand(
            bias,
            [0, 1, 2, 2].map((axis) => tensors.size(q, axis)),
          ),
          q,
        )
  const biasAt = (bias: Handle | undefined): number => {
    if (bias === undefined) return 0
    memory.set(BIAS, bias)
    return memory.at(BIAS)
  }
  return {
    attention: (inputs) => {
      const { q, k, v, scale, causal } = inputs
      if (flash !== undefined && takesFlash(inputs)) {
        const places = to(9)
        // Two of its results are integers.
        places[4] = memory.at(INTEGERS)
        places[5] = memory.at(INTEGERS + 1)
        check(flash(q, k, v, 0, Number(causal), 0, scaleAt(scale), ...places), 'flash attention')
        return [0, 1, 2, 3, 6, 7, 8].map((i) => own(memory.get(RESULTS + i))).slice(0, 6)
      }
      const bias = biasAt(whole(inputs))
      return results(efficient(q, k, v, bias, 1, 0, Number(causal), scaleAt(scale), ...to(4)), 4)
    },
    attentionBackward: (inputs) => {
      const { cotangent, q, k, v, kept, scale, causal } = inputs
      const [out = 0, sums = 0, third = 0, fourth = 0, seed = 0, offset = 0] = kept
      if (flashBackward !== undefined && takesFlash(inputs)) {
        const length = tensors.size(q, 2)
        const state = [cotangent, q, k, v, out, sums, third, fourth, length, length]
        return three(results(flashBackward(...state, 0, Number(causal), seed, offset, scaleAt(scale), ...to(3)), 3))
      }
      if (efficientBackward === undefined) throw new TypeError(`LibTorch ${torch.version} has no gradient of attention`)
      check(empty(memory.at(RESULTS)), 'new_uninitialized_tensor')
      const none = own(memory.get(RESULTS))
      const bias = whole(inputs) ?? none
      // Which gradients: of all but the bias, as 32-bit integers, two a word.
      memory.set(MASK, 2 ** 32 + 1)
      memory.set(MASK + 1, 1)
      const state = [cotangent, q, k, v, bias, out, sums, third, fourth]
      const code = efficientBackward(...state, 0, memory.at(MASK), 4, Number(causal), scaleAt(scale), ...to(4))
      return three(results(code, 4))
    },
  }
}
