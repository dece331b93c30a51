// A corpus of what agents saw.
import { expect, test } from 'vitest'
import { openLogs } from '../../../data/readers/logs/open.ts'
import { seenCorpus } from '../../../data/readers/logs/corpus.ts'
import { documentsSeen, readSession, type SeenDocument } from '../../../data/readers/logs/trajectory.ts'
import { sharedTest } from '../../helpers/shared.ts'
import { collect, scratch } from '../helpers.ts'

const { folder } = scratch()

async function* batches(...lists: readonly SeenDocument[][]): AsyncGenerator<SeenDocument[]> {
  yield* lists
}

test('of each document what was opened, else the longest snippet; in the order of first sight', async () => {
  const seen = batches(
    [
      { docid: 'b', title: 'B', text: 'short', whole: false },
      { docid: 'https://x/y?z=1', title: '', text: 'only a snippet, and a long one at that', whole: false },
      { docid: 'b', title: '', text: 'a longer snippet', whole: false },
    ],
    [
      { docid: 'a', title: 'A', text: 'snippet that is longer than what was opened', whole: false },
      { docid: 'a', title: '', text: 'opened', whole: true },
      { docid: 'never', title: 'N', text: '', whole: false },
    ],
  )
  expect((await collect(seenCorpus(seen, folder))).flat()).toEqual([
    { docid: 'b', title: 'B', text: 'a longer snippet' },
    { docid: 'https://x/y?z=1', title: '', text: 'only a snippet, and a long one at that' },
    { docid: 'a', title: 'A', text: 'opened' },
  ])
})

sharedTest(
  'real runs: every document that was shown, opened ones with their text',
  ['data/lrat/trajectories'],
  async (runs) => {
    async function* seen(): AsyncGenerator<SeenDocument[]> {
      for await (const record of (await openLogs(runs, { format: 'auto' })).sessions)
        if ('session' in record) yield documentsSeen(readSession(record.session))
    }
    const found = (await collect(seenCorpus(seen(), folder))).flat()
    expect(found.length).toBe(278)
    const opened = found.find(({ docid }) => docid === '9358159')
    expect(opened?.title).toBe('Bedřich Havlíček')
    expect(opened?.text).toMatch(/^Bedřich Havlíček\nCzech historian .*He had two brothers, Ladislav and Zdeněk\./s)
  },
)
