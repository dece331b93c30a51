// Streams agent runs from wherever they lie: a folder, an archive, JSON Lines, one file.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { isArchive, readEntries, readSmallFile } from './archive.ts'
import { openBytes } from './bytes.ts'
import { excerpt } from './errors.ts'
import { mostRecordBytes, recordTooLong } from './limit.ts'
import { isFolder, listFiles, type Accept } from './folder.ts'
import { readLines, splitLines, withoutBom, type Line } from './lines.ts'
import { parseLratRun, type LratRun } from './lrat-run.ts'

const jsonName = /\.json(\.(gz|zst|bz2))?$/i
const linesName = /\.jsonl(\.(gz|zst|bz2))?$/i

/** One JSON value that should be a run, or why there is none. */
export type RunValue = {
  /** File, or entry of an archive, and line. */
  readonly where: string
  /** The file's or entry's name; undefined for a line of JSON Lines. */
  readonly file: string | undefined
} & ({ readonly json: unknown } | { readonly malformed: string })

const parseText = (text: string, where: string, file?: string): RunValue => {
  try {
    return { where, file, json: JSON.parse(text) as unknown }
  } catch (error) {
    return { where, file, malformed: `${messageOf(error)}; found ${excerpt(text)}` }
  }
}

const parseBytes = (bytes: Buffer, where: string, file: string): RunValue =>
  parseText(withoutBom(bytes).toString('utf8'), where, file)

const parseLine = (path: string, { text, number }: Line): RunValue => parseText(text, `${path} line ${number}`)

async function* readLineFile(path: string, shown: string): AsyncGenerator<RunValue> {
  for await (const lines of readLines(path)) for (const line of lines) yield parseLine(shown, line)
}

const readRunFile = async (path: string, shown: string): Promise<RunValue> => {
  const most = mostRecordBytes()
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (/\.json$/i.test(path) && size <= most) return parseBytes(readSmallFile(path), shown, shown)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of openBytes(path)) {
    length += piece.length
    if (length > most) throw recordTooLong(path, 'one agent run', 'its end')
    pieces.push(piece)
  }
  return parseBytes(Buffer.concat(pieces), shown, shown)
}

async function* readFile(path: string, shown: string): AsyncGenerator<RunValue> {
  if (linesName.test(path)) yield* readLineFile(path, shown)
  else yield await readRunFile(path, shown)
}

async function* readArchive(path: string, accept: Accept): AsyncGenerator<RunValue> {
  const wanted: Accept = (name) => /\.jsonl?$/i.test(name) && accept(name)
  for await (const { name, bytes } of readEntries(path, { accept: wanted })) {
    const where = `${basename(path)}: ${name}`
    if (jsonName.test(name)) yield parseBytes(bytes, where, name)
    else for (const line of splitLines(where, bytes)) yield parseLine(where, line)
  }
}

async function* readFolder(path: string, accept: Accept): AsyncGenerator<RunValue> {
  const wanted: Accept = (name) => (jsonName.test(name) || linesName.test(name)) && accept(name)
  for (const name of await listFiles(path, wanted)) yield* readFile(join(path, name), name)
}

/**
 * The JSON values of a folder's .json and .jsonl files (natural order, sub-folders too), of a .tar, .tar.gz, .tar.zst or
 * .zip of them, of one .jsonl (.gz, .zst, .bz2 too), or of one .json, in a stable order. `accept` chooses among the files of
 * a folder or archive. Throws UserError as the readers do.
 */
export async function* readRunValues(path: string, accept: Accept = () => true): AsyncGenerator<RunValue> {
  if (isArchive(path)) yield* readArchive(path, accept)
  else if (await isFolder(path)) yield* readFolder(path, accept)
  else yield* readFile(path, basename(path))
}

/** Agent runs in LRAT's layout, as `readRunValues` finds them; one that cannot be used comes as `skip` with its reason. */
export async function* readLratRuns(path: string): AsyncGenerator<LratRun> {
  for await (const value of readRunValues(path)) {
    const { where } = value
    if ('malformed' in value) yield { where, skip: 'malformed-json', detail: value.malformed }
    else yield parseLratRun(value.json, where)
  }
}
