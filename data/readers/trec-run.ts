// TREC run files: `query Q0 docid rank score tag`, one line a hit, apart by white space; by tabs where ids have spaces.
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { UserError } from '../../core/errors.ts'
import { diskError } from '../../core/files.ts'
import type { Hit } from '../hit.ts'
import { excerpt, fileError } from './errors.ts'
import { readLines } from './lines.ts'

/** A run file: its tag (of the first line) and each query's hits in the order of the file. */
export interface TrecRun {
  readonly tag: string
  readonly hits: ReadonlyMap<string, readonly Hit[]>
}

const malformed = (where: string, expected: string, found: string): UserError =>
  new UserError({ where, expected, found, fix: 'Correct that line, or write the run again.' })

/** Reads a run file (compressed or not). Throws UserError with the line where it is not one or repeats a document. */
export const readTrecRun = async (path: string): Promise<TrecRun> => {
  const scores = new Map<string, Map<string, number>>()
  let tag = ''
  for await (const lines of readLines(path)) {
    for (const { text, number } of lines) {
      const where = `${path} line ${number}`
      const tabbed = text.split('\t')
      const fields = tabbed.length === 6 ? tabbed : text.trim().split(/\s+/)
      if (fields.length !== 6) throw malformed(where, 'query, Q0, docid, rank, score and tag', excerpt(text))
      const [queryId = '', , docid = '', , scoreText = '', tagHere = ''] = fields
      const score = Number(scoreText)
      if (scoreText === '' || !Number.isFinite(score))
        throw malformed(where, 'a score that is a number', excerpt(scoreText))
      if (tag === '') tag = tagHere
      const hits = scores.get(queryId) ?? new Map<string, number>()
      if (hits.has(docid)) throw malformed(where, `document "${docid}" once for query "${queryId}"`, 'it a second time')
      scores.set(queryId, hits.set(docid, score))
    }
  }
  const hitsOf = (hits: ReadonlyMap<string, number>): Hit[] => Array.from(hits, ([docid, score]) => ({ docid, score }))
  return { tag, hits: new Map(Array.from(scores, ([queryId, hits]) => [queryId, hitsOf(hits)])) }
}

const bits = new DataView(new ArrayBuffer(4))
/** The largest single-precision number below a finite one. */
const below = (value: number): number => {
  if (value === 0) return -(2 ** -149)
  bits.setFloat32(0, value)
  bits.setInt32(0, bits.getInt32(0) + (value > 0 ? -1 : 1))
  return bits.getFloat32(0)
}

/**
 * Scores of a ranked list in single precision, each lowered just enough to lie below the one before: programs that sort
 * a run file by score then see the same order, whatever they do with ties.
 */
export const strictScores = (hits: readonly Hit[]): number[] => {
  let previous = Infinity
  return hits.map(({ score }) => (previous = Math.min(Math.fround(score), below(previous))))
}

const field = (name: string, value: string): string => {
  if (value.trim() === value && /^[^\t\n\v\f\r]+$/.test(value)) return value
  throw new UserError({
    where: `${name} ${JSON.stringify(value)}`,
    expected: 'a name that a run file can hold: neither empty nor with tabs, line ends or spaces at its ends',
    found: JSON.stringify(value),
    fix: 'Rename it.',
  })
}

/**
 * Writes ranked lists as a run file, whole or not at all, compressed if its name ends in .gz. Lines whose ids have spaces are
 * written with tabs: `readTrecRun` reads them, trec_eval cannot. Throws UserError for ids that no line can hold and where
 * the file cannot be written.
 */
export const writeTrecRun = async (
  path: string,
  tag: string,
  rankings: AsyncIterable<readonly [queryId: string, hits: readonly Hit[]]>,
): Promise<void> => {
  async function* lines(): AsyncGenerator<string> {
    for await (const [queryId, hits] of rankings) {
      const scores = strictScores(hits)
      yield hits
        .map(({ docid }, i) => {
          const fields = [field('query id', queryId), 'Q0', field('docid', docid), i + 1, scores[i], field('tag', tag)]
          return `${fields.join(/\s/.test(queryId + docid + tag) ? '\t' : ' ')}\n`
        })
        .join('')
    }
  }
  const partial = `${path}.tmp`
  const file = createWriteStream(partial)
  try {
    if (path.endsWith('.gz')) await pipeline(lines, createGzip(), file)
    else await pipeline(lines, file)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw fileError(path, diskError(error, path), 'a folder to write into')
  }
}
