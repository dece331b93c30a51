// How an engine works on each device.
import type { EngineOptions } from './engine-types.ts'
import { torchEngine } from './torch-engine.ts'
import { isTorch, type Device } from '../execute/device-names.ts'
import { compilerOf, residentOn } from '../execute/devices.ts'
import { onThreads } from '../execute/executor.ts'
import { openTorch, useThreads } from '../execute/torch/device.ts'

/** What of an engine's options follows from the device, which works, and the number of threads to use on processors. */
export const onDevice = async (
  device: Device,
  threads?: number,
): Promise<Pick<EngineOptions, 'compile' | 'resident' | 'make'>> => {
  const compile = onThreads(compilerOf(device), threads)
  if (!isTorch(device)) return { compile, resident: residentOn(device) }
  const torch = await openTorch(device)
  if (threads !== undefined) useThreads(torch, threads)
  return { compile, make: (network, state, options) => torchEngine(torch, network, state, options) }
}
