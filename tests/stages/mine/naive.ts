// The rules of mining walked naively, step by step: the tests' second opinion, written without looking at the first.

export type NaiveStep =
  | { readonly kind: 'search'; readonly query: string; readonly docids: readonly string[] }
  /** `satisfied` is null where nobody could decide. */
  | { readonly kind: 'browse'; readonly docid: string; readonly satisfied: boolean | null }
  | { readonly kind: 'reasoning' }
  | { readonly kind: 'other' }

export interface NaivePair {
  readonly step: number
  readonly query: string
  readonly docid: string
  readonly satisfied: boolean
  readonly negatives: readonly string[]
}

interface Opened {
  readonly at: number
  readonly docid: string
  readonly satisfied: boolean | null
}

// Where the browse run that begins at `start` ends, and what it opens.
const runAt = (steps: readonly NaiveStep[], start: number): { opened: Opened[]; end: number } => {
  const opened: Opened[] = []
  let at = start
  for (;;) {
    const step = steps[at] as NaiveStep | undefined
    if (step?.kind !== 'browse') return { opened, end: at }
    opened.push({ at, docid: step.docid, satisfied: step.satisfied })
    at += 1
    if ((steps[at] as NaiveStep | undefined)?.kind === 'reasoning') at += 1
  }
}

const addOnce = (list: string[], docid: string): void => {
  if (!list.includes(docid)) list.push(docid)
}

export const naivePairs = (
  steps: readonly NaiveStep[],
  corpus: readonly string[],
  mode: 'session' | 'turn',
): NaivePair[] => {
  const pairs: NaivePair[] = []
  let searches: (readonly string[])[] = []
  let unsatisfying: string[] = []
  let undecided: string[] = []
  let openedSinceSearch: string[] = []
  let query = ''
  let at = 0
  while (at < steps.length) {
    const step = steps[at]
    if (step.kind === 'search') {
      searches.push(step.docids)
      openedSinceSearch = []
      query = step.query
    }
    if (step.kind !== 'browse') {
      at += 1
      continue
    }
    const { opened, end } = runAt(steps, at)
    for (const { docid } of opened) openedSinceSearch.push(docid)
    const held = mode === 'turn' ? searches.slice(searches.length - 1) : searches
    for (const { at: place, docid, satisfied } of opened) {
      if (satisfied === null) continue
      if (!corpus.includes(docid) || !held.some((hits) => hits.includes(docid))) continue
      const candidates: string[] = []
      if (mode === 'session') {
        for (let k = opened.length - 1; k >= 0; k -= 1)
          if (opened[k].satisfied === false) addOnce(candidates, opened[k].docid)
        for (let k = unsatisfying.length - 1; k >= 0; k -= 1) addOnce(candidates, unsatisfying[k])
      }
      for (let k = held.length - 1; k >= 0; k -= 1)
        for (const hit of held[k]) {
          const browsed =
            mode === 'turn'
              ? openedSinceSearch.includes(hit)
              : opened.some((other) => other.docid === hit) || unsatisfying.includes(hit) || undecided.includes(hit)
          if (!browsed) addOnce(candidates, hit)
        }
      const negatives = candidates.filter(
        (candidate) =>
          candidate !== docid &&
          corpus.includes(candidate) &&
          !opened.some((other) => other.satisfied && other.docid === candidate),
      )
      pairs.push({ step: place, query, docid, satisfied, negatives })
    }
    if (opened.some((browse) => browse.satisfied)) {
      searches = []
      unsatisfying = []
      undecided = []
      query = ''
    } else
      for (const { docid, satisfied } of opened)
        if (satisfied === null) undecided.push(docid)
        else unsatisfying.push(docid)
    at = end
  }
  return pairs
}
