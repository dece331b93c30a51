import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { judgeByRules } from '../../../stages/mine/rules.ts'
import { sharedTest } from '../../helpers/shared.ts'

const documentText =
  'Halden Light\nHalden Light is a lighthouse in Vernia. It was designed by the engineer Olga Trane and opened in 1874. ' +
  'A toll was collected from passing ships until 1902.'
const judge = (reasoning: string, query = 'lighthouse Vernia engineer') =>
  judgeByRules({ reasoning, query, documentText })

describe('judgeByRules', () => {
  it.each([
    'The lighthouse was designed by Olga Trane, so she is the engineer we want.',
    'Opened in 1874: this fits the second clue.',
    'OK, so the tower opened in 1874. The page does say who designed it, namely Trane; next I need her birthplace.',
    `Great, Halden Light it is. ${'We can compare the clues one by one. '.repeat(6)}The page does not mention the sponsor.`,
    'Let me note this: a toll was collected there until 1902. Now I will search for the sponsor.',
  ])('takes a reasoning that uses the document: %s', (reasoning) => {
    expect(judge(reasoning).relevant).toBe(true)
  })

  it.each([
    '',
    '   \n',
    'That document is unrelated. So the answer stays Olga Trane.',
    'The document does not mention the mayor. We have Trane from another page.',
    "This page doesn't help; Halden Light is a dead end.",
    'Not relevant: it is about Halden Light.',
    'No information about the mayor here, only about Halden.',
    'Nothing useful in this page on Halden Light.',
    'This is about someone else, not Trane.',
    "Let's search for another query.",
    'I will try a different approach.',
  ])('rejects: %s', (reasoning) => {
    expect(judge(reasoning).relevant).toBe(false)
  })

  it('does not count words that the query had already, nor words inside others', () => {
    expect(judge('A lighthouse in Vernia, by an engineer?').relevant).toBe(false)
    expect(judge('Some rane, some oll.').relevant).toBe(false)
    expect(judge('A lighthouse in Vernia, by Trane.').relevant).toBe(true)
  })

  it('says why', () => {
    expect(judge('That document is unrelated.').reason).toContain('unrelated')
    expect(judge('By Trane.').reason).toContain('trane')
    expect(judge('').reason).toContain('no reasoning')
  })

  it('looks for a rejection only at the start, however long the reasoning and the document', () => {
    const reasoning = `${'Olga Trane designed the tower, which fits the clue. '.repeat(1000)}This is not relevant.`
    expect(judgeByRules({ reasoning, query: 'engineer', documentText: documentText.repeat(1000) }).relevant).toBe(true)
  })
})

interface LoggedStep {
  readonly type: string
  readonly tool_name?: string
  readonly arguments?: string
  readonly output?: string
}
const rows = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** How many of the labels the rules agree with, given what the agent read and thought. */
const agreement = (labels: string, corpus: string, trajectories: string): { agreed: number; of: number } => {
  const texts = new Map(rows(corpus).map((row) => [String(row['docid']), String(row['text'])]))
  const given = rows(labels)
  const agreed = given.filter(({ query_id, step, docid, satisfied }) => {
    const file = readFileSync(join(trajectories, `${String(query_id)}.json`), 'utf8')
    const { result } = JSON.parse(file) as { result: LoggedStep[] }
    const searches = result.slice(0, Number(step)).filter(({ tool_name }) => tool_name === 'search')
    const { query } = JSON.parse(searches.at(-1)?.arguments ?? '{"query":[""]}') as { query: string[] }
    const after = result[Number(step) + 1]
    const reasoning = after?.type === 'reasoning' ? (after.output ?? '') : ''
    const documentText = texts.get(String(docid)) ?? ''
    return judgeByRules({ reasoning, query: query[0], documentText }).relevant === satisfied
  })
  return { agreed: agreed.length, of: given.length }
}

describe('judgeByRules agrees with labels', () => {
  it('of the sample: all 14', () => {
    const sample = fileURLToPath(new URL('../../../configs/sample/', import.meta.url))
    const found = agreement(`${sample}labels.jsonl`, `${sample}corpus.jsonl`, `${sample}trajectories`)
    expect(found).toEqual({ agreed: 14, of: 14 })
  })

  sharedTest(
    'of the released runs: at least 15 of 16',
    ['reference/lrat/judgements.jsonl', 'data/lrat/corpus.jsonl', 'data/lrat/trajectories'],
    (labels, corpus, trajectories) => {
      const { agreed, of } = agreement(labels, corpus, trajectories)
      expect(of).toBe(16)
      expect(agreed).toBeGreaterThanOrEqual(15)
    },
  )
})
