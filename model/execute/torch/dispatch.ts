// Any operator of PyTorch by name, through its dispatcher. The stack is 64-bit slots: arguments in the order of the
// operator's schema, results from the first slot on. The dispatcher takes every handle, list and text that it is given.
import type { LibTorch } from './library.ts'
import type { Handle, Tensors } from './tensors.ts'

/** How an argument is put on the stack, and taken back where the call is never made. */
export interface Argument<T> {
  write(to: Stack, slot: number, value: T): void
  undo(to: Stack, slot: number): void
}

export interface Stack {
  readonly torch: LibTorch
  readonly duplicate: (handle: Handle) => number
  readonly discard: (handle: number) => void
  readonly list: (values: readonly number[]) => number
  readonly discardList: (list: number) => void
  readonly string: (text: string) => number
  /** A slot of its own, which the dispatcher deletes. */
  readonly box: (slot: number) => number
  readonly check: Tensors['check']
}

const nothing = (): void => undefined
const integer = (to: Stack, slot: number, value: number): void => to.torch.words.set(slot, value)

export const tensor: Argument<Handle> = {
  write: (to, slot, handle) => to.torch.words.set(slot, to.duplicate(handle)),
  undo: (to, slot) => to.discard(to.torch.words.get(slot)),
}
/** An integer, or one of PyTorch's enumerations. */
export const int: Argument<number> = { write: integer, undo: nothing }
export const bool: Argument<boolean> = { write: (to, slot, value) => integer(to, slot, value ? 1 : 0), undo: nothing }
export const float: Argument<number> = {
  write: (to, slot, value) => to.torch.words.setDouble(slot, value),
  undo: nothing,
}
export const ints: Argument<readonly number[]> = {
  write: (to, slot, values) => integer(to, slot, to.list(values)),
  undo: (to, slot) => to.discardList(to.torch.words.get(slot)),
}
export const tensors: Argument<readonly Handle[]> = {
  write: (to, slot, handles) => integer(to, slot, to.list(handles.map(to.duplicate))),
  // The list's handles too: it does not know that it holds any. This happens only where memory is gone.
  undo: (to, slot) => to.discardList(to.torch.words.get(slot)),
}
export const text: Argument<string> = {
  write: (to, slot, value) => integer(to, slot, to.string(value)),
  undo: nothing,
}
/** What may be left out. */
export const maybe = <T>(inner: Argument<T>): Argument<T | undefined> => ({
  write: (to, slot, value) => {
    if (value === undefined) return integer(to, slot, 0)
    inner.write(to, slot, value)
    integer(to, slot, to.box(slot))
  },
  undo: nothing,
})

type Values<A extends readonly Argument<never>[]> = { [K in keyof A]: A[K] extends Argument<infer T> ? T : never }

export interface Dispatcher {
  /** The function of an operator with `results` tensors as results, each of them owned by the scope. */
  readonly operator: <const A extends readonly Argument<never>[]>(
    name: string,
    overload: string,
    parameters: A,
    results?: number,
  ) => (...values: Values<A>) => readonly Handle[]
}

/** Slots of a call, and the word that results of helpers go to. */
const [SLOTS, RESULT] = [60, 65]

export const dispatcherOf = (tensorsThere: Tensors): Dispatcher => {
  const { torch, check, own } = tensorsThere
  const stack = stackOf(tensorsThere)
  const call = torch.get('torch_call_dispatcher', 'int', ['word', 'word', 'word', 'word'])
  const start = torch.words.at(0)
  return {
    operator: (name, overload, parameters, results = 1) => {
      if (parameters.length > SLOTS) throw new RangeError(`${name} has too many arguments`)
      const [at, variant] = [torch.text(`aten::${name}`), torch.text(overload)]
      const arguments_: readonly Argument<unknown>[] = parameters
      return (...values) => {
        const given: readonly unknown[] = values
        let written = 0
        try {
          for (const argument of arguments_) {
            argument.write(stack, written, given[written])
            written++
          }
        } catch (error) {
          for (let slot = 0; slot < written; slot++) arguments_[slot]?.undo(stack, slot)
          throw error
        }
        check(call(at, variant, start, torch.word), name)
        return Array.from({ length: results }, (_, i) => own(torch.words.get(i)))
      }
    },
  }
}

const stackOf = ({ torch, check }: Tensors): Stack => {
  const { words, get } = torch
  const another = get('aoti_torch_new_tensor_handle', 'int', ['word', 'word'])
  const remove = get('aoti_torch_delete_tensor_object', 'int', ['word'])
  const newList = get('torch_new_list_reserve_size', 'int', ['word', 'word'])
  const push = get('torch_list_push_back', 'int', ['word', 'word'])
  const deleteList = get('torch_delete_list', 'int', ['word'])
  const newString = get('torch_new_string_handle', 'int', ['word', 'word', 'word'])
  const box = boxOf(torch, check)
  const result = words.at(RESULT)
  return {
    torch,
    check,
    duplicate: (handle) => {
      check(another(handle, result), 'new_tensor_handle')
      return words.get(RESULT)
    },
    discard: (handle) => void remove(handle),
    list: (values) => {
      check(newList(values.length, result), 'new_list')
      const list = words.get(RESULT)
      for (const value of values) check(push(list, value), 'list_push_back')
      return list
    },
    discardList: (list) => void deleteList(list),
    string: (value) => {
      check(newString(torch.text(value), new TextEncoder().encode(value).length, result), 'new_string')
      return words.get(RESULT)
    },
    box: (slot) => {
      const place = box()
      copyWord(torch)(place, words.at(slot), 8)
      return place
    },
  }
}

/** From 2.13 on LibTorch makes such slots. Before, it deletes what C++'s `operator new` of this process has made. */
const boxOf = (torch: LibTorch, check: Tensors['check']): (() => number) => {
  const made = torch.find('torch_new_stable_ivalue', 'int', ['word'])
  if (made !== undefined) {
    return () => {
      check(made(torch.words.at(RESULT)), 'new_stable_ivalue')
      return torch.words.get(RESULT)
    }
  }
  const allocate = inProcess(torch, '_Znwm', ['word'])
  return () => allocate(8)
}

const copyWord = (torch: LibTorch) => inProcess(torch, 'memcpy', ['word', 'word', 'word'])

const known = new Map<string, (...values: readonly number[]) => number>()
/** A function of the C or C++ library, as LibTorch itself finds it. */
const inProcess = (torch: LibTorch, name: string, parameters: readonly 'word'[]) => {
  const found = known.get(name) ?? torch.ffi.open(null).find(name, 'word', parameters)
  if (found === undefined) throw new TypeError(`no ${name} in this process`)
  known.set(name, found)
  return found
}
