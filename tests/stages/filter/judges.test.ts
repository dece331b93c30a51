import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Verdict } from '../../../data/schemas.ts'
import { openJournal } from '../../../pipeline/journal.ts'
import { parseVerdict } from '../../../agents/judges/answer-judge.ts'
import { JUDGE_AGAIN } from '../../../agents/judges/answer-prompts.ts'
import { judgeSchema } from '../../../agents/judges/judge.ts'
import { agreement, formatAgreement } from '../../../evaluation/agents/agreement.ts'
import { askAll } from '../../../agents/judges/ask-all.ts'
import {
  askAboutReasoning,
  asUndecided,
  parseUseful,
  reasoningKey,
  type RelevanceVerdict,
} from '../../../agents/judges/relevance-judge.ts'
import { judgeAnswer, type AnswerToJudge } from '../../../stages/filter/by-model.ts'
import { testLlm } from '../../helpers/fake-client.ts'
import type { FakeReply, FakeRequest } from '../../../scripts/fake-openai/protocol.ts'
import { someFaults, startFake, type FakeServer } from '../../../scripts/fake-openai/server.ts'

const signal = new AbortController().signal
const settings = judgeSchema.parse({})

let folder: string
let server: FakeServer
let asked: FakeRequest[]
const serve = (script: (request: FakeRequest) => FakeReply): void =>
  server.set({
    script: (request) => {
      asked.push(request)
      return script(request)
    },
  })
beforeEach(async () => {
  asked = []
  folder = mkdtempSync(join(tmpdir(), 'lrat-judge-'))
  server = await startFake({ script: () => ({}) })
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const judgeAll = async (
  trajectories: readonly AnswerToJudge[],
  exactMatchFirst = true,
): Promise<readonly Verdict[]> => {
  const llm = testLlm([server.url])
  const journal = await openJournal<Verdict>(join(folder, 'verdicts'))
  const { verdicts } = await askAll({
    items: trajectories,
    key: (each) => each.trajectory_id,
    ask: (each, inner) => judgeAnswer(each, { llm, settings, exactMatchFirst }, inner),
    concurrency: 8,
    journal,
    signal,
  })
  await journal.close()
  llm.close()
  return verdicts
}

const item = (trajectory_id: string, answer: string, answers: readonly string[] = ['Lyon']): AnswerToJudge => ({
  trajectory_id,
  question: 'Which city?',
  answers,
  answer,
})
const lines = (correct: string): string => `extracted: Lyon\nrationale: It says so.\ncorrect: ${correct}`

describe('correctness', () => {
  it('reads strictly', () => {
    expect(parseVerdict(lines('yes'))).toEqual({ correct: true, extracted: 'Lyon', rationale: 'It says so.' })
    expect(parseVerdict(`**extracted:** none\n**rationale:** x\n**correct:** No`)?.correct).toBe(false)
    expect(parseVerdict('- correct: yes')).toEqual({ correct: true, extracted: '', rationale: '' })
    expect(parseVerdict('{"extracted": "Lyon", "rationale": "It says so.", "correct": "no"}')).toEqual({
      correct: false,
      extracted: 'Lyon',
      rationale: 'It says so.',
    })
    for (const text of ['yes', lines('maybe'), `${lines('yes')}\ncorrect: no`, lines('yes or no'), ''])
      expect(parseVerdict(text)).toBeUndefined()
  })

  it('calls nobody for an exact match, an empty answer or a question without gold answer', async () => {
    const verdicts = await judgeAll([item('a', 'lyon.'), item('b', ''), item('c', 'Lyon', [])])
    expect(verdicts.map((verdict) => verdict.correct)).toEqual([true, false, null])
    expect(asked).toHaveLength(0)
  })

  it('asks at temperature 0, once more when it cannot read the reply, and then leaves it undecided', async () => {
    serve(({ turns, last }) => {
      if (turns > 0) expect(last).toBe(JUDGE_AGAIN)
      return { content: turns > 0 ? lines('no') : 'I would say it is wrong.' }
    })
    const [second] = await judgeAll([item('a', 'It is Paris.')])
    expect([second.correct, second.judge, asked.length]).toEqual([false, 'llm fake', 2])
    expect(asked.every((request) => request.body['temperature'] === 0)).toBe(true)
    serve(() => ({ content: 'Hard to tell.' }))
    const verdicts = await judgeAll([item('a', 'It is Paris.'), item('b', 'It is Rome.')])
    expect(verdicts.map((verdict) => verdict.correct)).toEqual([false, null])
    expect(verdicts[1].rationale).toMatch(/undecided/)
  })

  it('reads a verdict after a think block', async () => {
    serve(() => ({ content: `<think>correct: no? Let me see.</think>\n${lines('yes')}` }))
    const [verdict] = await judgeAll([item('a', 'It is Paris.')])
    expect([verdict?.correct, asked.length]).toEqual([true, 1])
  })

  it('asks again with more tokens when a reply was cut, without the cut reply', async () => {
    serve(({ body }) =>
      Number(body['max_tokens']) < 100_000
        ? { content: '<think>It goes on', finish: 'length' }
        : { content: lines('yes') },
    )
    const [verdict] = await judgeAll([item('a', 'It is Paris.')])
    expect(verdict?.correct).toBe(true)
    expect(asked.map(({ body, turns }) => [body['max_tokens'], turns])).toEqual([
      [8192, 0],
      [32_768, 0],
      [131_072, 0],
    ])
  })

  it('takes a verdict that stands in a cut reply', async () => {
    serve(() => ({ content: `${lines('no')}\nFurthermore`, finish: 'length' }))
    expect((await judgeAll([item('a', 'It is Paris.')]))[0]?.correct).toBe(false)
    expect(asked).toHaveLength(1)
  })

  it('gives the same verdicts with a tenth of the calls failing', async () => {
    serve(({ question }) => ({ content: lines(question.length % 2 === 0 ? 'yes' : 'no') }))
    server.set({ fault: someFaults(0.1, ['429', '500', 'reset', 'truncated', 'empty-choices']) })
    const items = Array.from({ length: 300 }, (_, at) => item(`t${at}`, `It is ${'x'.repeat(at)}.`))
    const verdicts = await judgeAll(items)
    expect(verdicts.map((verdict) => verdict.trajectory_id)).toEqual(items.map((each) => each.trajectory_id))
    const even = verdicts.filter((verdict) => verdict.correct)
    expect(even).toHaveLength(150)
  })
})

describe('relevance', () => {
  const judge = async (browses: { searched: string; reasoning: string }[]): Promise<readonly RelevanceVerdict[]> => {
    const llm = testLlm([server.url])
    const journal = await openJournal<RelevanceVerdict>(join(folder, 'relevance'))
    const { verdicts } = await askAll({
      items: browses,
      key: reasoningKey,
      ask: (browse, inner) => askAboutReasoning(llm, settings, browse, inner),
      concurrency: 8,
      journal,
      signal,
    })
    await journal.close()
    llm.close()
    return verdicts
  }
  it('asks identical inputs once, over restarts too', async () => {
    serve(({ question }) => ({
      content: question.includes('nothing here') ? 'rationale: r\nuseful: no' : 'rationale: r\nuseful: yes',
    }))
    const browses = [
      { searched: 'a', reasoning: 'It says 1907.' },
      { searched: 'a', reasoning: 'There is nothing here.' },
      { searched: 'a', reasoning: 'It says 1907.' },
    ]
    const first = await judge(browses)
    expect(first.map((verdict) => verdict.relevant)).toEqual([true, false, true])
    expect(asked).toHaveLength(2)
    expect(await judge(browses)).toEqual(first)
    expect(asked).toHaveLength(2)
  })
  it('leaves what it cannot read undecided', async () => {
    serve(() => ({ content: 'Perhaps.' }))
    expect(await judge([{ searched: '', reasoning: 'Hm.' }])).toEqual([{ relevant: null, judge: 'llm-undecided' }])
    expect(asUndecided({ relevant: true, judge: 'llm-undecided' }).relevant).toBeNull()
    expect(asked).toHaveLength(2)
    expect(parseUseful('useful: yes\nuseful: no')).toBeUndefined()
  })
})

describe('agreement', () => {
  it('gives accuracy, κ and the confusion table', () => {
    // The example of the Wikipedia article on Cohen's kappa: 20, 5, 10, 15 give κ = 0.4.
    const rows = [
      ...Array<[string, string]>(20).fill(['yes', 'yes']),
      ...Array<[string, string]>(5).fill(['yes', 'no']),
      ...Array<[string, string]>(10).fill(['no', 'yes']),
      ...Array<[string, string]>(15).fill(['no', 'no']),
    ]
    const given = new Map(rows.map(([label], at) => [`${at}`, label]))
    const judged = new Map(rows.map(([, label], at) => [`${at}`, label]))
    given.set('unjudged', 'yes')
    judged.set('unlabelled', 'no')
    const result = agreement(given, judged)
    expect(result).toMatchObject({ both: 50, onlyGiven: 1, onlyJudged: 1, accuracy: 0.7, labels: ['no', 'yes'] })
    expect(result.kappa).toBeCloseTo(0.4, 12)
    expect(result.confusion).toEqual([
      [15, 10],
      [5, 20],
    ])
    expect(formatAgreement(result)).toContain("Cohen's κ  0.4000")
  })
})
