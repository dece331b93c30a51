import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rankByScore } from '../../evaluation/retrieval/metrics.ts'
import { readTrecRun, strictScores, writeTrecRun } from '../../data/readers/trec-run.ts'
import type { Hit } from '../../search/searcher.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lrat-trec-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function* of(...rankings: [string, Hit[]][]) {
  yield* rankings
}

describe('TREC run files', () => {
  it('keep the order of ties through trec_eval’s sorting', async () => {
    const path = join(folder, 'ties.trec')
    const hits = ['b', 'a', 'c', 'é'].map((docid) => ({ docid, score: 2 }))
    await writeTrecRun(path, 'lrat', of(['q1', hits], ['q2', []], ['q3', [{ docid: 'x', score: -0.5 }]]))
    const { tag, hits: read } = await readTrecRun(path)
    expect(tag).toBe('lrat')
    expect([...read.keys()]).toEqual(['q1', 'q3'])
    expect(rankByScore(read.get('q1')!.map(({ docid, score }) => [docid, score]))).toEqual(['b', 'a', 'c', 'é'])
    expect((await readFile(path, 'utf8')).split('\n')[0]).toBe('q1 Q0 b 1 2 lrat')
  })

  it('have strictly falling scores in single precision', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { maxLength: 50 }), (scores) => {
        const hits = scores.sort((a, b) => b - a).map((score, i) => ({ docid: `d${i}`, score }))
        const strict = strictScores(hits)
        strict.forEach((score, i) => {
          expect(Math.fround(score)).toBe(score)
          if (i > 0) expect(score).toBeLessThan(strict[i - 1])
          expect(Math.abs(score - hits[i].score)).toBeLessThan(1e-4)
        })
      }),
    )
  })

  it('are refused with the line where they are malformed', async () => {
    const path = join(folder, 'bad.trec')
    const refuse = async (text: string, message: string) => {
      await writeFile(path, text)
      await expect(readTrecRun(path)).rejects.toThrow(message)
    }
    await refuse('q Q0 a 1 2.0 t\nq Q0 b\n', 'line 2: expected query, Q0, docid, rank, score and tag')
    await refuse('q Q0 a 1 high t\n', 'line 1: expected a score that is a number')
    await refuse('q Q0 a 1 2 t\nr Q0 a 1 2 t\nq Q0 a 1 2 t\n', 'line 3: expected document "a" once for query "q"')
    await expect(readTrecRun(join(folder, 'none.trec'))).rejects.toThrow('none.trec')
  })

  it('hold ids with spaces', async () => {
    const path = join(folder, 'spaces.trec')
    const hits = [
      { docid: 'Ed Wood', score: 2 },
      { docid: 'plain', score: 1 },
    ]
    await writeTrecRun(path, 'lrat', of(['q 1', hits], ['q2', hits]))
    const read = await readTrecRun(path)
    expect([...read.hits]).toEqual([
      ['q 1', hits],
      ['q2', hits],
    ])
    expect((await readFile(path, 'utf8')).split('\n')[3]).toBe('q2 Q0 plain 2 1 lrat')
  })

  it('are not left behind half written', async () => {
    for (const docid of ['a\tb', 'a\nb', '', ' a']) {
      const write = writeTrecRun(join(folder, 'tab.trec'), 'lrat', of(['q', [{ docid, score: 1 }]]))
      await expect(write).rejects.toThrow('a name that a run file can hold')
    }
    expect(await readdir(folder)).not.toContain('tab.trec')
  })
})
