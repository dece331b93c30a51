// Correctness without a judge: does the agent's final response give one of the gold answers, word for word?

/**
 * SQuAD's normalisation (lower case, no punctuation, no articles, single spaces), with two departures that Wikipedia's names need:
 * diacritics are folded ("Havlíček" = "Havlicek"), and dashes and slashes separate words instead of gluing them ("Jean-Luc" = "Jean Luc").
 */
export const normaliseAnswer = (text: string): string => {
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[\p{Pd}/_\u2212]+/gu, ' ')
    .replace(/[\p{P}\p{S}]+/gu, '')
    .split(/\s+/u)
    .filter((word) => word !== '')
  const content = words.filter((word) => word !== 'a' && word !== 'an' && word !== 'the')
  // An answer that is nothing but an article ("A", the grade; "The The", the band) keeps its words.
  return (content.length > 0 ? content : words).join(' ')
}

/** The line in which agents are told to give their short answer: "Exact answer: …", "Final answer: …" or "Answer: …". */
const ANSWER_LINE = /^[\s>*_#-]*(?:(?:exact|final|short)\s+)?answer[*_\s]*[:：][*_\s]*(\S.*)$/gimu

/** What a response states as its short answer: the last "Exact answer:" line, or all of it when there is none. */
export const shortAnswer = (response: string): string => {
  const last = [...response.matchAll(ANSWER_LINE)].at(-1)?.[1]
  return last ?? response
}

/** True if `answer` equals one of `golds` (the answer and its aliases) after normalisation. Empty texts match nothing. */
export const exactMatch = (answer: string, golds: readonly string[]): boolean => {
  const given = normaliseAnswer(answer)
  return given !== '' && golds.some((gold) => normaliseAnswer(gold) === given)
}

/**
 * True if one of `golds` occurs in `response` as whole words, after normalisation. Lenient: a response that lists several
 * candidates, or names the answer only to reject it, passes too.
 */
export const containsAnswer = (response: string, golds: readonly string[]): boolean => {
  const given = ` ${normaliseAnswer(response)} `
  return golds.some((gold) => {
    const wanted = normaliseAnswer(gold)
    return wanted !== '' && given.includes(` ${wanted} `)
  })
}

/** `exact`: the short answer equals a gold answer. `contains`: the whole response mentions one. */
export type MatchMode = 'exact' | 'contains'

/**
 * Judges a final response. The default, `exact`, compares the response itself and its short answer with the gold answers: it seldom
 * accepts a wrong trajectory, but rejects right ones whose response is a sentence; `contains` is for agents that answer in sentences.
 */
export const matchesAnswer = (response: string, golds: readonly string[], mode: MatchMode = 'exact'): boolean =>
  exactMatch(response, golds) ||
  exactMatch(shortAnswer(response), golds) ||
  (mode === 'contains' && containsAnswer(response, golds))
