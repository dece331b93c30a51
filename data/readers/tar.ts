// Streams the entries of a tar archive, compressed or not.
import { Readable } from 'node:stream'
import { extract, type Header } from 'tar-stream'
import { UserError } from '../../core/errors.ts'
import { openBytes } from './bytes.ts'
import { checkName, checkSize, type Entry } from './entry.ts'
import { decodeError } from './errors.ts'
import type { Accept } from './folder.ts'

const isFile = (header: Header): boolean => header.type === 'file' || header.type === 'contiguous-file'

const refuseLink = (path: string, header: Header): void => {
  if (header.type !== 'symlink' && header.type !== 'link') return
  throw new UserError({
    where: `${path}: ${header.name}`,
    expected: 'a regular file',
    found: 'a link, which is never followed',
    fix: 'Make the archive again with the files themselves (tar -h --hard-dereference).',
  })
}

/** The accepted files of a tar archive in its own order. Errors as `readEntries` documents. */
export async function* readTar(path: string, accept: Accept, maxBytes: number): AsyncGenerator<Entry> {
  const source = Readable.from(openBytes(path))
  const entries = extract()
  source.on('error', (error) => entries.destroy(error))
  source.pipe(entries)
  try {
    for await (const entry of entries) {
      const { header } = entry
      checkName(path, header.name)
      const name = header.name.replace(/^(\.\/)+/, '')
      if (!isFile(header) || !accept(name)) {
        if (accept(name)) refuseLink(path, header)
        entry.resume()
        continue
      }
      checkSize(`${path}: ${name}`, header.size, maxBytes)
      const pieces: Buffer[] = []
      for await (const piece of entry) pieces.push(piece as Buffer)
      yield { name, bytes: Buffer.concat(pieces) }
    }
  } catch (error) {
    throw decodeError(
      path,
      'a whole tar archive',
      error,
      'The archive is cut short or damaged: fetch or write it again.',
    )
  } finally {
    source.destroy()
    entries.destroy()
  }
}
