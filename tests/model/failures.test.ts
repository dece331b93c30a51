import { expect, it } from 'vitest'
import { explained, runtimeFailure } from '../../model/execute/failures.ts'
import { UserError } from '../../core/errors.ts'

it.each([
  ['std::bad_alloc', /micro-batch/],
  ['Non-zero status code: Failed to allocate memory for requested buffer of size 9', /micro-batch/],
  ['Array buffer allocation failed', /micro-batch/],
  ['WebGPU: Device is lost', /last checkpoint/],
  ['VK_ERROR_DEVICE_LOST', /last checkpoint/],
])('says what to do about "%s"', async (message, advice) => {
  const failing = explained('webgpu', async () => {
    throw new Error(message)
  })
  const error = await failing.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect(String(error)).toMatch(advice)
})

it('leaves other errors as they are', () => {
  const error = new TypeError('x')
  expect(runtimeFailure(error, 'cpu')).toBe(error)
})
