// Finds what an agent opened: each browse call with the search behind it and the reasoning after it.
import type { Step } from '../../data/schemas.ts'
import { askedDocid, isBrowse, isSearch, openedDocid, queryOf } from '../../data/steps.ts'

/** One opened document of a trajectory. */
export interface BrowseCall {
  /** Index into the trajectory's steps. */
  readonly step: number
  /** As the agent wrote it until `nameOpened` has named it. */
  readonly docid: string
  /** Text of the one reasoning step that follows, else "". */
  readonly reasoning: string
  /** First query string of the latest search before it, else "". */
  readonly searched: string
}

/** A maximal sequence of consecutive browse calls, each with the one reasoning step that follows it, if any. */
export type BrowseRun = readonly BrowseCall[]

export interface SearchCall {
  readonly step: number
  readonly query: string
  /** Hits in rank order. */
  readonly docids: readonly string[]
}

export type Event = { readonly search: SearchCall } | { readonly run: BrowseRun }

/**
 * Names what each browse opened: the id whole where the corpus or a search so far has it, else what follows its last
 * colon.
 */
export const nameOpened = (events: readonly Event[], inCorpus: (docid: string) => boolean): Event[] => {
  const hits = new Set<string>()
  return events.map((event) => {
    if ('search' in event) {
      for (const docid of event.search.docids) hits.add(docid)
      return event
    }
    const isKnown = (docid: string): boolean => hits.has(docid) || inCorpus(docid)
    return { run: event.run.map((call) => ({ ...call, docid: openedDocid(call.docid, isKnown) })) }
  })
}

/** Searches and browse runs in the order they happened. */
export const eventsOf = (steps: readonly Step[]): Event[] => {
  const events: Event[] = []
  let searched = ''
  for (let at = 0; at < steps.length; at += 1) {
    if (isSearch(steps[at])) {
      searched = queryOf(steps[at])
      events.push({ search: { step: at, query: searched, docids: steps[at].docids } })
    } else if (isBrowse(steps[at])) {
      const run: BrowseCall[] = []
      let next = at
      while (next < steps.length && isBrowse(steps[next])) {
        const after = next + 1 < steps.length && steps[next + 1].type === 'reasoning'
        const docid = askedDocid(steps[next])
        run.push({ step: next, docid, reasoning: after ? steps[next + 1].output : '', searched })
        next += after ? 2 : 1
      }
      events.push({ run })
      at = next - 1
    }
  }
  return events
}
