// Decompressors as generators: compressed pieces in, decompressed pieces out, nothing buffered beyond one piece.
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import unbzip2Stream from 'unbzip2-stream'
import { unzstd, type Pieces } from './unzstd.ts'

export type { Pieces } from './unzstd.ts'
export type Compression = 'gzip' | 'zstd' | 'bzip2'

async function* gunzip(source: Pieces): AsyncGenerator<Buffer> {
  const input = Readable.from(source)
  const output = createGunzip({ chunkSize: 1 << 18 })
  input.on('error', (error) => output.destroy(error))
  try {
    yield* input.pipe(output) as AsyncIterable<Buffer>
  } finally {
    input.destroy()
    output.destroy()
  }
}

async function* unbzip2(source: Pieces): AsyncGenerator<Buffer> {
  let ready: Buffer[] = []
  const failures: Error[] = []
  const decoder = unbzip2Stream()
  decoder.on('data', (bytes: Buffer) => ready.push(bytes))
  // Reading past the end shows as a TypeError of the package's own.
  decoder.on('error', (error: Error) =>
    failures.push(error instanceof TypeError ? new Error('unexpected end of data', { cause: error }) : error),
  )
  const drain = function* (): Generator<Buffer> {
    const drained = ready
    ready = []
    yield* drained
    if (failures.length > 0) throw failures[0]
  }
  for await (const piece of source) {
    decoder.write(piece)
    yield* drain()
  }
  decoder.end()
  yield* drain()
}

/**
 * Decompresses a stream of pieces. Throws the decoder's own error where the data is corrupt or ends too early;
 * `onUnchecked` is called where the data carries no checksum.
 */
export const decompress = (
  source: Pieces,
  compression: Compression,
  onUnchecked?: () => void,
): AsyncGenerator<Buffer> =>
  compression === 'zstd' ? unzstd(source, onUnchecked) : { gzip: gunzip, bzip2: unbzip2 }[compression](source)
