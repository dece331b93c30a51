// zstd: damage that its checksums can show is shown.
import { createHash } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import { openBytes } from '../../data/readers/bytes.ts'
import { unzstd } from '../../data/readers/unzstd.ts'
import { collect, scratch } from './helpers.ts'

// Twelve lines of JSON, 1,077 bytes, as `zstd -19` writes them with --check and with --no-check.
const checked = Buffer.from(
  'KLUv/WQ1Ay0LAHIPJReAS9o0wUG5ctPSuigqxLZtm6LRNlTpE6XCYhc9RYPrWfGu8pS/3y1aXFadfoqelXkCqfacIbCGju/Y1HxI/7IOsz8f2XBZxdtVGDrrr+ai3a28nRHsKTot/TotizVUoqvaMwBEEsOXFtVuV6bzD9XG5ddiJa16Kv3pavm3lpKG08LfFcnxMEfSQCIoSRlJyWqUBBJoqGEqItKkUmvYDEBCQpCkHhGAGFuQKDqFswba08w3NeBZ44uQwIUCFY6YzokpjoALL/2gyy3cKclmCn2l9x6lSwLGT54vnT5LSs8MbchvQsu5ruwpd4L1fjDKBKAs+/YliedPdh57u5KzCcSf4PpX5HI6hLBmedSrL0LEOSRTWHTY6as0uA3eMBzeBx69eN0hvNMsHxEqeS6E6m/2zuicFm0hAVuz7xMFJ/blIheIs9Ea6tTSD/7ypiqZK/Lt0bUTjnQY6qBvLEKcalj8DyVSy3I=',
  'base64',
)
const unchecked = Buffer.from(
  'KLUv/WA1Ay0LAHIPJReAS9o0wUG5ctPSuigqxLZtm6LRNlTpE6XCYhc9RYPrWfGu8pS/3y1aXFadfoqelXkCqfacIbCGju/Y1HxI/7IOsz8f2XBZxdtVGDrrr+ai3a28nRHsKTot/TotizVUoqvaMwBEEsOXFtVuV6bzD9XG5ddiJa16Kv3pavm3lpKG08LfFcnxMEfSQCIoSRlJyWqUBBJoqGEqItKkUmvYDEBCQpCkHhGAGFuQKDqFswba08w3NeBZ44uQwIUCFY6YzokpjoALL/2gyy3cKclmCn2l9x6lSwLGT54vnT5LSs8MbchvQsu5ruwpd4L1fjDKBKAs+/YliedPdh57u5KzCcSf4PpX5HI6hLBmedSrL0LEOSRTWHTY6as0uA3eMBzeBx69eN0hvNMsHxEqeS6E6m/2zuicFm0hAVuz7xMFJ/blIheIs9Ea6tTSD/7ypiqZK/Lt0bUTjnQY6qBvLEKcalj8Dw==',
  'base64',
)
const SHA256 = 'd8cb5e2ef11583df399075b92f4977cb615d9e944afc30dd78c4aa6226128ab2'

const { write } = scratch()

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const content = async (bytes: Buffer, size = bytes.length): Promise<Buffer> =>
  Buffer.concat(await collect(unzstd(inPieces(bytes, size))))
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const skippable = Buffer.from('502a4d1805000000aabbccddee', 'hex')

it('frames in a row, between skippable ones, in pieces of any size', async () => {
  const whole = await content(checked)
  expect(digest(whole)).toBe(SHA256)
  const frames = Buffer.concat([skippable, checked, unchecked, skippable, checked])
  for (const size of [1, 7, 300, frames.length])
    expect((await content(frames, size)).equals(Buffer.concat([whole, whole, whole]))).toBe(true)
})

it('no single bit of a frame with a checksum can be wrong', async () => {
  let failed = 0
  for (let bit = 0; bit < checked.length * 8; bit++) {
    const damaged = Buffer.from(checked)
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    const found = await content(damaged).then(digest, (error: unknown) => error)
    if (found instanceof Error) failed += 1
    else expect(found, `bit ${bit}`).toBe(SHA256)
  }
  // The others change no byte of the content: a bit that is unused, a larger window, codes that are not needed.
  expect(failed).toBeGreaterThan(0.98 * checked.length * 8)
})

it('content of another length than promised is an error, checksum or not', async () => {
  const field = unchecked.indexOf(Buffer.from([(1077 - 256) & 255, (1077 - 256) >> 8]))
  expect(field).toBeGreaterThan(3)
  const damaged = Buffer.from(unchecked)
  damaged.writeUInt8(damaged.readUInt8(field) ^ 1, field)
  await expect(content(damaged)).rejects.toThrow('1077 bytes in a zstd frame that promises 1076')
})

it('names what is wrong', async () => {
  const other = Buffer.from(checked)
  other.writeUInt8(other.readUInt8(other.length - 1) ^ 1, other.length - 1)
  await expect(content(other)).rejects.toThrow('a zstd frame whose checksum is another')
  await expect(content(checked.subarray(0, -1))).rejects.toThrow('unexpected end of data')
  await expect(content(Buffer.concat([checked, Buffer.from('junk')]))).rejects.toThrow('bytes that begin no zstd frame')
})

it('says once of a file without checksums that damage cannot be noticed', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    const [good, bad] = [write('checked.zst', checked), write('unchecked.zst', Buffer.concat([unchecked, unchecked]))]
    for (const path of [good, bad, bad]) await collect(openBytes(path))
    expect(stderr.mock.calls.map(([text]) => String(text))).toEqual([
      `note: ${bad} has no checksums: damage to it cannot be noticed (zstd --check writes them)\n`,
    ])
  } finally {
    stderr.mockRestore()
  }
})
