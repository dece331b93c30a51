// Tensors of LibTorch by handle. A handle is an address that somebody owns and has to delete; LibTorch counts what refers
// to the same memory, so a view may outlive what it was made from.
import type { DType } from '../../graph/operations.ts'
import type { LibTorch } from './library.ts'

/** An owned reference to a tensor. */
export type Handle = number

/** What a tensor's elements are, as LibTorch numbers them. */
export type TorchType = DType | 'i64' | 'bool'

export interface Place {
  readonly kind: 'cpu' | 'cuda'
  readonly index: number
}

/** LibTorch said no: its own words. */
export class TorchError extends Error {
  override readonly name = 'TorchError'
  readonly operator: string
  constructor(operator: string, text: string) {
    super(text.trim().split('\n').slice(0, 4).join(' '))
    this.operator = operator
  }
}

export interface Tensors {
  readonly torch: LibTorch
  readonly place: Place
  readonly types: Readonly<Record<TorchType, number>>
  readonly deviceType: number
  /** Takes over a handle that LibTorch gave: it is deleted with the scope it was made in. */
  readonly own: (handle: Handle) => Handle
  /** A second handle on the same tensor. */
  readonly again: (handle: Handle) => Handle
  readonly empty: (sizes: readonly number[], type: TorchType, on?: Place['kind']) => Handle
  /** A view of the same memory. */
  readonly view: (handle: Handle, sizes: readonly number[], strides: readonly number[], offset: number) => Handle
  /** A tensor of the host that lies in a typed array: whoever calls keeps the array alive for as long as it is used. */
  readonly over: (data: Float32Array | Int32Array, sizes: readonly number[]) => Handle
  /** Copies all elements, whatever their types, and waits for them. */
  readonly copy: (to: Handle, from: Handle) => void
  readonly size: (handle: Handle, axis: number) => number
  readonly rank: (handle: Handle) => number
  /** As LibTorch numbers types. */
  readonly type: (handle: Handle) => number
  /** Runs work that makes tensors, and deletes all it made except what it gives back; all, where it throws. */
  readonly scope: <T extends Handle | readonly Handle[]>(work: () => T) => T
  /** Gives one that no scope holds to the innermost scope, or takes one out of it for good. */
  readonly adopt: (handle: Handle) => Handle
  readonly release: (handle: Handle) => Handle
  /** Deletes one that no scope holds any more. */
  readonly delete: (handle: Handle) => void
  /** Handles there are: for tests of leaks. */
  readonly live: () => number
  /** Calls so far that were checked. */
  readonly calls: () => number
  /** Throws TorchError unless a call succeeded. */
  readonly check: (code: number, operator: string) => void
}

// Regions of the words that calls share; `dispatch.ts` has those below.
const RESULT = 64
const SIZES = 80
const STRIDES = 112

/** Strides of a row-major tensor. */
export const rowMajor = (sizes: readonly number[]): number[] => {
  const strides = new Array<number>(sizes.length).fill(1)
  for (let i = sizes.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * Math.max(1, sizes[i + 1] ?? 1)
  return strides
}

export const tensorsOn = (torch: LibTorch, place: Place): Tensors => {
  const { words, get } = torch
  const number = (name: string): number => get(name, 'int', [])()
  const types: Record<TorchType, number> = {
    f32: number('aoti_torch_dtype_float32'),
    f16: number('aoti_torch_dtype_float16'),
    bf16: number('aoti_torch_dtype_bfloat16'),
    i32: number('aoti_torch_dtype_int32'),
    i64: number('aoti_torch_dtype_int64'),
    bool: number('aoti_torch_dtype_bool'),
  }
  const devices = { cpu: number('aoti_torch_device_type_cpu'), cuda: number('aoti_torch_device_type_cuda') }
  const create = get('aoti_torch_empty_strided', 'int', ['word', 'word', 'word', 'int', 'int', 'int', 'word'])
  const blob = get('aoti_torch_create_tensor_from_blob', 'int', [
    ...['word', 'word', 'word', 'word', 'word'].map(() => 'word' as const),
    ...['int', 'int', 'int'].map(() => 'int' as const),
    'word',
  ])
  const reinterpret = get('aoti_torch__reinterpret_tensor', 'int', ['word', 'word', 'word', 'word', 'word', 'word'])
  const another = get('aoti_torch_new_tensor_handle', 'int', ['word', 'word'])
  const remove = get('aoti_torch_delete_tensor_object', 'int', ['word'])
  const copyInto = get('aoti_torch_copy_', 'int', ['word', 'word', 'int'])
  const sizeOf = get('aoti_torch_get_size', 'int', ['word', 'word', 'word'])
  const typeOf = get('aoti_torch_get_dtype', 'int', ['word', 'word'])
  const rankOf = get('aoti_torch_get_dim', 'int', ['word', 'word'])

  let [live, calls] = [0, 0]
  const made: Handle[] = []
  const check = (code: number, operator: string): void => {
    calls++
    if (code !== 0) throw new TorchError(operator, torch.lastError())
  }
  const own = (handle: Handle): Handle => {
    live++
    made.push(handle)
    return handle
  }
  const drop = (handle: Handle): void => {
    live--
    check(remove(handle), 'delete')
  }
  const shape = (sizes: readonly number[], strides: readonly number[]): readonly [number, number] => [
    words.list(SIZES, sizes),
    words.list(STRIDES, strides),
  ]
  return {
    torch,
    place,
    types,
    deviceType: devices[place.kind],
    own,
    check,
    again: (handle) => {
      check(another(handle, words.at(RESULT)), 'new_tensor_handle')
      return own(words.get(RESULT))
    },
    empty: (sizes, type, on = place.kind) => {
      const [at, steps] = shape(sizes, rowMajor(sizes))
      const index = on === 'cpu' ? 0 : place.index
      check(create(sizes.length, at, steps, types[type], devices[on], index, words.at(RESULT)), 'empty_strided')
      return own(words.get(RESULT))
    },
    view: (handle, sizes, strides, offset) => {
      const [at, steps] = shape(sizes, strides)
      check(reinterpret(handle, sizes.length, at, steps, offset, words.at(RESULT)), 'reinterpret_tensor')
      return own(words.get(RESULT))
    },
    over: (data, sizes) => {
      const [at, steps] = shape(sizes, rowMajor(sizes))
      const type = data instanceof Float32Array ? types.f32 : types.i32
      const start = torch.ffi.address(data.buffer) + data.byteOffset
      check(blob(start, sizes.length, at, steps, 0, type, devices.cpu, 0, words.at(RESULT)), 'create_tensor_from_blob')
      return own(words.get(RESULT))
    },
    copy: (to, from) => check(copyInto(to, from, 0), 'copy_'),
    size: (handle, axis) => {
      check(sizeOf(handle, axis, words.at(RESULT)), 'get_size')
      return words.get(RESULT)
    },
    type: (handle) => {
      // Only 32 bits of the word are written.
      words.set(RESULT, 0)
      check(typeOf(handle, words.at(RESULT)), 'get_dtype')
      return words.get(RESULT)
    },
    rank: (handle) => {
      check(rankOf(handle, words.at(RESULT)), 'get_dim')
      return words.get(RESULT)
    },
    scope: (work) => {
      const start = made.length
      let kept: readonly Handle[] = []
      try {
        const result = work()
        kept = typeof result === 'number' ? [result] : result
        return result
      } finally {
        for (let i = made.length - 1; i >= start; i--) {
          const handle = made[i]
          if (handle !== undefined && !kept.includes(handle)) drop(handle)
        }
        made.length = start
      }
    },
    adopt: (handle) => {
      made.push(handle)
      return handle
    },
    release: (handle) => {
      const place = made.lastIndexOf(handle)
      if (place < 0) throw new TypeError('no scope holds this handle')
      made.splice(place, 1)
      return handle
    },
    delete: drop,
    live: () => live,
    calls: () => calls,
  }
}
