import { describe, expect, it } from 'vitest'
import { synthesize, type SyntheticArticle } from '../../../demo/world/synthesize.ts'

const options = { seed: 11, articles: 1500, questions: 200, testShare: 0.3 }
const world = synthesize(options)
const articles = [...world.articles]
const byId = new Map<string, SyntheticArticle>(articles.map((article) => [article.id, article]))
const wordsOf = (text: string): number => text.split(/\s+/).length
const nameOf = (title: string): string => title.replace(/ \([^)]*\)$/, '')

describe('synthesize', () => {
  it('depends on its options only', () => {
    const again = synthesize(options)
    expect(again.questions).toEqual(world.questions)
    expect([...again.articles]).toEqual(articles)
    expect([...again.articles]).toEqual(articles)
    expect([...synthesize({ ...options, seed: 12 }).articles]).not.toEqual(articles)
  })

  it('writes its articles only when they are asked for', () => {
    const first = synthesize(options).articles[Symbol.iterator]().next()
    expect(first.value).toEqual(articles[0])
  })

  it('makes what it was asked for, with ids and titles that are unique', () => {
    expect(articles).toHaveLength(1500)
    expect(world.questions).toHaveLength(200)
    expect(byId.size).toBe(1500)
    expect(new Set(articles.map(({ title }) => title)).size).toBe(1500)
    expect(new Set(world.questions.map(({ query_id }) => query_id)).size).toBe(200)
    expect(world.questions.filter(({ split }) => split === 'test')).toHaveLength(60)
  })

  it('has articles of many lengths, some beyond 512 tokens, and namesakes', () => {
    const lengths = articles.map(({ text }) => wordsOf(text)).sort((a, b) => a - b)
    expect(lengths[0]).toBeLessThan(100)
    expect(lengths[lengths.length >> 1]).toBeLessThan(250)
    expect(lengths[lengths.length - 1]).toBeGreaterThan(450)
    const names = articles.map(({ title }) => nameOf(title))
    expect(new Set(names).size).toBeLessThan(names.length - 20)
  })

  it('leaves no placeholder and no double space in any text', () => {
    for (const { title, text } of articles) expect(`${title} ${text}`).not.toMatch(/[{}]|undefined| {2}|\.\./)
    for (const { question } of world.questions) expect(question).not.toMatch(/[{}]|undefined| {2}|\.\./)
  })

  it('gives each question two to four articles as evidence, all of which exist', () => {
    for (const { evidence, answers } of world.questions) {
      expect(evidence.length).toBeGreaterThanOrEqual(2)
      expect(evidence.length).toBeLessThanOrEqual(4)
      expect(new Set(evidence).size).toBe(evidence.length)
      for (const id of evidence) expect(byId.has(id)).toBe(true)
      expect(answers).toContain(nameOf(byId.get(evidence[0])?.title ?? ''))
    }
  })

  it('ties the articles of the evidence together: each but the first shares a name with another', () => {
    for (const { evidence } of world.questions) {
      const pages = evidence.map((id) => byId.get(id))
      for (const [i, page] of pages.entries()) {
        const tied = pages.some(
          (other, j) =>
            i !== j &&
            page &&
            other &&
            (other.text.includes(nameOf(page.title)) || page.text.includes(nameOf(other.title))),
        )
        expect(tied).toBe(true)
      }
    }
  })

  it('never gives away the answer', () => {
    for (const { question, answers } of world.questions) {
      for (const answer of answers) expect(question).not.toContain(answer)
    }
  })

  it('shares no entity between the splits', () => {
    const [train, test] = ['train', 'test'].map((split) =>
      world.questions.filter((question) => question.split === split),
    )
    const trainEvidence = new Set(train.flatMap(({ evidence }) => evidence))
    for (const { evidence } of test) for (const id of evidence) expect(trainEvidence.has(id)).toBe(false)
    const asPhrase = (names: readonly string[]) =>
      names.map((name) => new RegExp(`(?<![\\p{L}-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}-])`, 'u'))
    const namesIn = (questions: typeof test) =>
      asPhrase([
        ...new Set(questions.flatMap(({ evidence }) => evidence.map((id) => nameOf(byId.get(id)?.title ?? '')))),
      ])
    for (const name of namesIn(test)) for (const { question } of train) expect(question).not.toMatch(name)
    for (const name of namesIn(train)) for (const { question } of test) expect(question).not.toMatch(name)
  })

  it('serves small worlds too', () => {
    const small = synthesize({ seed: 3, articles: 120, questions: 30, testShare: 0.3 })
    expect([...small.articles]).toHaveLength(120)
    expect(small.questions).toHaveLength(30)
  })
})
