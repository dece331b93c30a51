// What a runtime's failures mean to a user.
import { messageOf, UserError } from '../../core/errors.ts'
import type { Precision } from '../graph/precision.ts'

const MEMORY =
  /bad_?alloc|out of memory|can't allocate memory|failed to allocate|OutOfMemory|array buffer allocation failed|larger than .*buffer/i
const LOST = /device (was |is )?lost|DXGI_ERROR_DEVICE|VK_ERROR_DEVICE_LOST|CUDA error.*(unspecified|illegal|launch)/i

const HALF = /f16.* device does not support/i

/** A runtime's error as one that says what to do, where that is known; others stay as they are. */
export const runtimeFailure = (error: unknown, device: string): unknown => {
  if (error instanceof UserError) return error
  const found = messageOf(error)
  if (MEMORY.test(found)) {
    return new UserError({
      where: `device ${device}`,
      expected: 'enough memory for a micro-batch',
      found,
      fix: 'Lower the tokens of a micro-batch (train.micro_batch_tokens), then those of a text (train.passage_tokens); training goes on from its last checkpoint if only the first changes.',
      cause: error,
    })
  }
  if (LOST.test(found)) {
    return new UserError({
      where: `device ${device}`,
      expected: 'a device that stays',
      found,
      fix: 'Run the same command again: it goes on from the last checkpoint. Choose device cpu if it happens again.',
      cause: error,
    })
  }
  if (HALF.test(found)) return noReduced(device, 'float16', found, error)
  return error
}

/** A device was asked for a precision that it lacks. */
export const noReduced = (device: string, precision: Precision, found: string, cause?: unknown): UserError =>
  new UserError({
    where: `device ${device}`,
    expected: `${precision} arithmetic`,
    found,
    fix: `Train with precision float32, or on a device that has ${precision}.`,
    cause,
  })

/** The result of `work`, its failures explained. */
export const explained = async <T>(device: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw runtimeFailure(error, device)
  }
}
