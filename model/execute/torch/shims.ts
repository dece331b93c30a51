// Operators with a number that the dispatcher cannot be told (its type Scalar), by the functions that PyTorch generates for
// its own compiler, one a kind of device. They borrow what they are given.
import type { CFunction, Kind } from './ffi.ts'
import type { Handle, Tensors } from './tensors.ts'

/** Words that results and lists of these calls go to. */
const [RESULT, START, END, LIST] = [66, 70, 71, 144]

export interface Shims {
  readonly add: (a: Handle, b: Handle) => Handle
  readonly subtract: (a: Handle, b: Handle) => Handle
  readonly multiply: (a: Handle, b: Handle) => Handle
  readonly scale: (x: Handle, by: number) => Handle
  readonly permute: (x: Handle, order: readonly number[]) => Handle
  readonly reshape: (x: Handle, sizes: readonly number[]) => Handle
  readonly slice: (x: Handle, axis: number, start: number, end: number) => Handle
  /** With zeros `before` and `after` along an axis. */
  readonly pad: (x: Handle, rank: number, axis: number, before: number, after: number) => Handle
  readonly concat: (parts: readonly Handle[], axis: number) => Handle
  /** into += a · b, in place. */
  readonly addProduct: (into: Handle, a: Handle, b: Handle) => void
  readonly fill: (x: Handle, value: number) => void
}

export const shimsOn = ({ torch, place, own, check }: Tensors): Shims => {
  const { words } = torch
  const result = words.at(RESULT)
  const shim = (name: string, parameters: readonly Kind[], kind: string = place.kind): CFunction => {
    const found = torch.find(`aoti_torch_${kind}_${name}`, 'int', parameters)
    return (
      found ??
      (() => {
        throw new TypeError(`LibTorch ${torch.version} has no ${name} for ${kind}`)
      })
    )
  }
  const made = (code: number, name: string): Handle => {
    check(code, name)
    return own(words.get(RESULT))
  }
  const add = shim('add_Tensor', ['word', 'word', 'double', 'word'])
  const subtract = shim('subtract_Tensor', ['word', 'word', 'double', 'word'], 'aten')
  const multiply = shim('mul_Tensor', ['word', 'word', 'word'])
  const scale = shim('mul_Scalar', ['word', 'double', 'word'])
  const permute = shim('permute', ['word', 'word', 'word', 'word'])
  const reshape = shim('reshape', ['word', 'word', 'word', 'word'])
  const slice = shim('slice_Tensor', ['word', 'word', 'word', 'word', 'word', 'word'])
  const pad = shim('pad', ['word', 'word', 'word', 'word', 'word', 'word'], 'aten')
  const concat = shim('cat', ['word', 'word', 'word', 'word'])
  const addmm = shim('addmm_out', ['word', 'word', 'word', 'word', 'double', 'double'])
  const fill = shim('fill__Scalar', ['word', 'double'], 'aten')
  return {
    add: (a, b) => made(add(a, b, 1, result), 'add'),
    subtract: (a, b) => made(subtract(a, b, 1, result), 'subtract'),
    multiply: (a, b) => made(multiply(a, b, result), 'mul'),
    scale: (x, by) => made(scale(x, by, result), 'mul'),
    permute: (x, order) => made(permute(x, words.list(LIST, order), order.length, result), 'permute'),
    reshape: (x, sizes) => made(reshape(x, words.list(LIST, sizes), sizes.length, result), 'reshape'),
    slice: (x, axis, start, end) => {
      words.set(START, start)
      words.set(END, end)
      return made(slice(x, axis, words.at(START), words.at(END), 1, result), 'slice')
    },
    pad: (x, rank, axis, before, after) => {
      // From the last axis on, two numbers each; the value left out is 0.
      const amounts = new Array<number>(2 * (rank - axis)).fill(0)
      amounts[amounts.length - 2] = before
      amounts[amounts.length - 1] = after
      const mode = torch.text('constant')
      return made(pad(x, words.list(LIST, amounts), amounts.length, mode, 0, result), 'pad')
    },
    concat: (parts, axis) => made(concat(words.list(LIST, parts), parts.length, axis, result), 'cat'),
    addProduct: (into, a, b) => check(addmm(into, into, a, b, 1, 1), 'addmm'),
    fill: (x, value) => check(fill(x, value), 'fill'),
  }
}
