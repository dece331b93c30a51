// LibTorch for tests: where LRAT_TORCH says that it lies, else the tests that need it are skipped.
import type { Compile } from '../../model/execute/executor.ts'
import { openTorch, type TorchDevice } from '../../model/execute/torch/device.ts'
import { compileTorchOn } from '../../model/execute/torch/executable.ts'

/** Its processor kernels; undefined without LRAT_TORCH. A LibTorch that is named and does not load is an error. */
export const torchDevice: TorchDevice | undefined =
  (process.env.LRAT_TORCH ?? '') === '' ? undefined : await openTorch('torch:cpu')

export const torchCompile: Compile | undefined = torchDevice && compileTorchOn(torchDevice)

if (torchDevice === undefined) console.warn('LRAT_TORCH is not set: what needs LibTorch is skipped')
