import { describe, expect, it } from 'vitest'
import {
  containsAnswer,
  exactMatch,
  matchesAnswer,
  normaliseAnswer,
  shortAnswer,
} from '../../../evaluation/agents/exact-match.ts'

describe('normaliseAnswer', () => {
  it.each([
    ['The  Eiffel Tower.', 'eiffel tower'],
    ['$2 million', '2 million'],
    ['Bedřich Havlíček', 'bedrich havlicek'],
    ['Jean-Luc O’Brien', 'jean luc obrien'],
    ['U.S.A.', 'usa'],
    ['1914–1918', '1914 1918'],
    ['A', 'a'],
    ['The The', 'the the'],
    ['東京', '東京'],
    [' … ', ''],
  ])('%s', (text, expected) => expect(normaliseAnswer(text)).toBe(expected))
})

describe('exactMatch', () => {
  it('accepts any alias', () => {
    expect(exactMatch('genting highlands', ['Resorts World', 'Genting Highlands'])).toBe(true)
  })
  it('rejects part of the answer, sentences, and empty texts', () => {
    expect(exactMatch('Genting', ['Genting Highlands'])).toBe(false)
    expect(exactMatch('It is Genting Highlands', ['Genting Highlands'])).toBe(false)
    expect(exactMatch('', [''])).toBe(false)
    expect(exactMatch('x', [])).toBe(false)
  })
})

describe('containsAnswer', () => {
  it('finds whole words only', () => {
    expect(containsAnswer('The answer is the Orono Bog, located in Maine.', ['Orono Bog'])).toBe(true)
    expect(containsAnswer('He was born in 1914.', ['191'])).toBe(false)
    expect(containsAnswer('anything', ['', '…'])).toBe(false)
  })
})

describe('matchesAnswer', () => {
  const response = 'Three clues point to it.\n\n**Exact answer:** Orono Bog\nConfidence: 90%'
  it('reads the short answer of a longer response', () => {
    expect(shortAnswer(response)).toBe('Orono Bog')
    expect(matchesAnswer(response, ['Orono Bog'])).toBe(true)
    expect(matchesAnswer('Answer: one\nAnswer: two', ['one'])).toBe(false)
  })
  it('is strict by default and lenient on request', () => {
    expect(matchesAnswer('It is the Orono Bog.', ['Orono Bog'])).toBe(false)
    expect(matchesAnswer('It is the Orono Bog.', ['Orono Bog'], 'contains')).toBe(true)
  })
})
