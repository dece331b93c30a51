// A place where LibTorch computes: the processor, or a card.
import { UserError, messageOf } from '../../../core/errors.ts'
import { TORCH_NAME, type TorchName } from '../device-names.ts'
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

const opened = new Map<string, TorchDevice>()

/** The device of a name: for `torch` a card where there is one, else the processor. Throws UserError where it is not there. */
export const openTorch = async (name: TorchName): Promise<TorchDevice> => {
  const torch = await loadLibTorch()
  const [, processor, card, index = '0'] = TORCH_NAME.exec(name) ?? []
  if (processor !== undefined) return deviceOn(torch, { kind: 'cpu', index: 0 })
  const wrong = whyNoCard(torch, Number(index))
  if (wrong === undefined) return deviceOn(torch, { kind: 'cuda', index: Number(index) })
  if (card === undefined) return deviceOn(torch, { kind: 'cpu', index: 0 })
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

/** How many threads the processor's kernels use, from now on; by default one a core. */
export const useThreads = ({ torch }: TorchDevice, threads: number): void => {
  // PyTorch's own setter, which its documented interface leaves out.
  const set = torch.find('_ZN2at15set_num_threadsEi', 'void', ['int'])
  if (set === undefined)
    throw new UserError({
      where: 'train.threads',
      expected: 'a LibTorch whose threads can be set',
      found: torch.version,
      fix: 'Leave train.threads away and set OMP_NUM_THREADS.',
    })
  set(threads)
}

/** Whether LibTorch is found and has a card. */
export const hasTorchCard = async (): Promise<boolean> => {
  try {
    return whyNoCard(await loadLibTorch(), 0) === undefined
  } catch {
    return false
  }
}

/** Which LibTorch, where, and what it can use. */
export const describeTorch = async (): Promise<string> => {
  const { place, version } = await loadLibTorch()
  const card = whyNoCard(await loadLibTorch(), 0)
  const uses = card === undefined ? 'CUDA' : `the processor (no card: ${(card.split('\n')[0] ?? '').slice(0, 120)})`
  return `LibTorch ${version} by ${place.by} in ${place.folder}, on ${uses}`
}

/** The device that a name stands for here, and the version of LibTorch. */
export const nameTorch = async (device: TorchName): Promise<string> => {
  const { name, torch } = await openTorch(device)
  return `${name}, LibTorch ${torch.version}`
}
