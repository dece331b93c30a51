import { describe, expect, it } from 'vitest'
import { createOfflineAgent } from '../../../demo/agent/agent.ts'
import { rollout, type Rollout } from '../../../agents/rollout.ts'
import type { Passage, Tools } from '../../../agents/tools.ts'
import { synthesize } from '../../../demo/world/synthesize.ts'

const { articles, questions } = synthesize({ seed: 2, articles: 500, questions: 60, testShare: 0.3 })
const passages = new Map<string, Passage>()
const postings = new Map<string, Map<string, number>>()
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
for (const { id, title, text } of articles) {
  passages.set(id, { docid: id, title, text: `${title}\n${text}` })
  for (const word of wordsOf(`${title} ${text}`)) {
    const posting = postings.get(word) ?? new Map<string, number>()
    posting.set(id, (posting.get(id) ?? 0) + 1)
    postings.set(word, posting)
  }
}

/** A plain tf-idf search: what the agent is tested on must not depend on an index on disk. */
const tools: Tools = {
  search: async ({ text }) => {
    const scores = new Map<string, number>()
    for (const word of new Set(wordsOf(text))) {
      const posting = postings.get(word)
      for (const [id, count] of posting ?? [])
        scores.set(id, (scores.get(id) ?? 0) + (count / (count + 1)) * Math.log(1 + 500 / (posting?.size ?? 1)))
    }
    return [...scores]
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, 10)
      .map(([id]) => passages.get(id))
      .filter((passage) => passage !== undefined)
      .map(({ docid, title, text: whole }) => ({ docid, title, text: whole.split(/\s+/).slice(0, 64).join(' ') }))
  },
  getDocument: async (docid) => passages.get(docid),
}

const runAll = async (seed: number): Promise<Rollout[]> => {
  const agent = createOfflineAgent({ seed })
  const runs: Rollout[] = []
  for (const [i, { query_id, question }] of questions.entries())
    runs.push(
      await rollout(agent, { query_id, question, seed: i }, tools, { maxSteps: 16 }, new AbortController().signal),
    )
  return runs
}
const runs = await runAll(1)
const callsOf = ({ steps }: Rollout) => steps.filter(({ type }) => type === 'tool_call')
const correct = (run: Rollout, i: number): boolean => questions[i].answers.includes(run.answer)

describe('the offline agent', () => {
  it('does the same for the same seeds and something else for others', async () => {
    expect(await runAll(1)).toEqual(runs)
    expect(await runAll(2)).not.toEqual(runs)
  })

  it('is often right and often wrong, and takes some steps for it', () => {
    const share = runs.filter(correct).length / runs.length
    expect(share).toBeGreaterThan(0.35)
    expect(share).toBeLessThan(0.9)
    const calls = runs.reduce((sum, run) => sum + callsOf(run).length, 0) / runs.length
    expect(calls).toBeGreaterThan(4)
    expect(calls).toBeLessThan(13)
  })

  it('takes every branch: limits, repeated searches, several pages in a row, wrong pages', () => {
    const kinds = runs.map((run) =>
      callsOf(run)
        .map(({ tool }) => (tool === 'search' ? 's' : 'b'))
        .join(''),
    )
    expect(runs.some(({ status }) => status === 'step-limit')).toBe(true)
    expect(runs.some(({ status }) => status === 'completed')).toBe(true)
    expect(kinds.some((kind) => kind.includes('ss'))).toBe(true)
    expect(kinds.some((kind) => kind.includes('bb'))).toBe(true)
    expect(runs.some((run) => new Set(callsOf(run).map((step) => step.arguments)).size < callsOf(run).length)).toBe(
      true,
    )
  })

  it('reasons at length about pages that say something, and in short about others', () => {
    const gold: number[] = []
    const other: number[] = []
    for (const [i, { steps }] of runs.entries()) {
      for (const [at, step] of steps.entries()) {
        if (step.tool !== 'get_document' || steps[at + 1]?.type !== 'reasoning') continue
        const found = questions[i].evidence.includes(step.docids[0]) ? gold : other
        found.push(steps[at + 1].output.length)
      }
    }
    const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]
    expect(median(gold)).toBeGreaterThan(2 * median(other))
  })

  it('depends on nothing but the text it sees', async () => {
    // The same world under other ids: the same decisions.
    const renamed = (docid: string): string => `x${docid}`
    const plain = (text: string): string => text.replace(/\bx(?=\d{6}\b)/g, '')
    const others: Tools = {
      search: async (query) => (await tools.search(query)).map((hit) => ({ ...hit, docid: renamed(hit.docid) })),
      getDocument: async (docid) => {
        const found = await tools.getDocument(docid.slice(1))
        return found && { ...found, docid }
      },
    }
    const agent = createOfflineAgent({ seed: 1 })
    const [{ query_id, question }] = questions
    const signal = new AbortController().signal
    const run = await rollout(agent, { query_id, question, seed: 0 }, others, { maxSteps: 16 }, signal)
    expect(run.steps.map(({ output }) => plain(output))).toEqual(runs[0].steps.map(({ output }) => output))
  })

  it('copes with tools that find nothing and questions that say nothing', async () => {
    const empty: Tools = { search: async () => [], getDocument: async () => undefined }
    const agent = createOfflineAgent()
    const signal = new AbortController().signal
    for (const question of ['', '?', 'Who?', questions[0].question]) {
      const run = await rollout(agent, { query_id: 'q', question, seed: 1 }, empty, { maxSteps: 8 }, signal)
      expect(['completed', 'step-limit']).toContain(run.status)
    }
  })
})
