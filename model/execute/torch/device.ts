// A place where LibTorch computes: the processor, or a card.
import { UserError, messageOf } from '../../../core/errors.ts'
import { loadLibTorch, type LibTorch } from './library.ts'
import { operatorsOn, type Operators } from './operators.ts'
import { tensorsOn, type Place, type Tensors } from './tensors.ts'

export interface TorchDevice {
  /** "torch:cpu", "torch:cuda:0" … */
  readonly name: string
  readonly place: Place
  readonly torch: LibTorch
  readonly tensors: Tensors
  readonly operators: Operators
}

export const TORCH_NAME = /^torch(?::(cpu|cuda)(?::(\d+))?)?$/
export type TorchName = 'torch' | 'torch:cpu' | 'torch:cuda' | `torch:cuda:${number}`

export const isTorch = (device: string): device is TorchName => TORCH_NAME.test(device)

const opened = new Map<string, TorchDevice>()

/** The device of a name: for `torch` a card where there is one, else the processor. Throws UserError where it is not there. */
export const openTorch = async (name: TorchName): Promise<TorchDevice> => {
  const torch = await loadLibTorch()
  const [, kind, index = '0'] = TORCH_NAME.exec(name) ?? []
  if (kind === 'cpu') return deviceOn(torch, { kind: 'cpu', index: 0 })
  const wrong = whyNoCard(torch, Number(index))
  if (wrong === undefined) return deviceOn(torch, { kind: 'cuda', index: Number(index) })
  if (kind === undefined) return deviceOn(torch, { kind: 'cpu', index: 0 })
  throw new UserError({
    where: `device ${name}`,
    expected: 'a card that LibTorch can use',
    found: wrong,
    fix: 'Install a PyTorch built for CUDA and the driver of the card, or use torch:cpu.',
  })
}

const deviceOn = (torch: LibTorch, place: Place): TorchDevice => {
  const name = place.kind === 'cpu' ? 'torch:cpu' : `torch:cuda:${place.index}`
  const known = opened.get(name)
  if (known !== undefined) return known
  const tensors = tensorsOn(torch, place)
  const device = { name, place, torch, tensors, operators: operatorsOn(tensors) }
  opened.set(name, device)
  return device
}

/** Undefined where memory can be had on the card, else LibTorch's reason. */
export const whyNoCard = (torch: LibTorch, index: number): string | undefined => {
  if (torch.withoutCuda !== undefined) return torch.withoutCuda
  const tensors = tensorsOn(torch, { kind: 'cuda', index })
  try {
    tensors.scope(() => {
      tensors.empty([1], 'f32')
      return []
    })
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
