// Reads the entries of a zip archive.
import { crc32 } from 'node:zlib'
import { openPromise, type Entry as ZipEntry, type ZipFile } from 'yauzl'
import { UserError } from '../../core/errors.ts'
import { checkName, checkSize, type Entry } from './entry.ts'
import { decodeError } from './errors.ts'
import type { Accept } from './folder.ts'

const fileTypeMask = 0o170000
const symbolicLink = 0o120000
const unix = 3

const isLink = (entry: ZipEntry): boolean =>
  entry.versionMadeBy >>> 8 === unix && ((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink

const refuse = (where: string, found: string, fix: string): never => {
  throw new UserError({ where, expected: 'a regular, unencrypted file', found, fix })
}

const readEntry = async (zip: ZipFile, entry: ZipEntry): Promise<Buffer> => {
  const pieces: Buffer[] = []
  for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  if (crc32(bytes) !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} does not match`)
  return bytes
}

/** The accepted files of a zip archive in the order of its directory. Errors as `readEntries` documents. */
export async function* readZip(path: string, accept: Accept, maxBytes: number): AsyncGenerator<Entry> {
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false })
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName
      checkName(path, name)
      if (name.endsWith('/') || !accept(name)) continue
      const where = `${path}: ${name}`
      if (isLink(entry))
        refuse(where, 'a link, which is never followed', 'Make the archive again with the file itself.')
      if (entry.isEncrypted()) refuse(where, 'an encrypted one', 'Unpack the archive and name the folder.')
      checkSize(where, entry.uncompressedSize, maxBytes)
      yield { name, bytes: await readEntry(zip, entry) }
    }
  } catch (error) {
    throw decodeError(path, 'a whole zip archive', error, 'The archive is damaged or unsafe: fetch or make it again.')
  } finally {
    zip?.close()
  }
}
