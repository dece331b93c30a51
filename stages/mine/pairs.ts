// Turns a trajectory's searches and judged browses into (query, positive, negatives).
import type { BrowseCall, BrowseRun, Event, SearchCall } from './browses.ts'

export interface MinedBrowse {
  readonly call: BrowseCall
  /** Null where nobody could decide. */
  readonly relevant: boolean | null
  /** Query of the latest search since the last reset, else "". */
  readonly query: string
  /** The latest search since the reset that returned the document; undefined if none did. */
  readonly search: SearchCall | undefined
  /** Whether a pair comes of it: it was decided on, its document was in a held search and is in the corpus. */
  readonly pair: { readonly negatives: readonly string[] } | undefined
}

export interface MineOptions {
  readonly negatives: 'session' | 'turn'
  /** Null leaves the browse out: no pair, no negative, no reset. */
  readonly isRelevant: (call: BrowseCall) => boolean | null
  readonly inCorpus: (docid: string) => boolean
}

const unique = (docids: readonly string[]): string[] => [...new Set(docids)]
const latestFirst = <T>(items: readonly T[]): T[] => [...items].reverse()

/** What is held since the last reset. */
interface Held {
  readonly searches: readonly SearchCall[]
  /** Browsed and of no use, in time order. */
  readonly rejected: readonly string[]
  /** Browsed, and nobody could decide on them: neither rejected nor passed over. */
  readonly undecided: readonly string[]
}
const NOTHING: Held = { searches: [], rejected: [], undecided: [] }

const sessionNegatives = (
  run: BrowseRun,
  { searches, rejected, undecided }: Held,
  relevanceOf: ReadonlyMap<BrowseCall, boolean | null>,
): string[] => {
  const opened = new Set([...run.map((call) => call.docid), ...rejected, ...undecided])
  return [
    ...latestFirst(run.filter((call) => relevanceOf.get(call) === false).map((call) => call.docid)),
    ...latestFirst(rejected),
    ...latestFirst(searches).flatMap((search) => search.docids.filter((docid) => !opened.has(docid))),
  ]
}

// The paper's text: hits of the current search that the agent did not open.
const turnNegatives = (search: SearchCall, opened: ReadonlySet<string>): string[] =>
  search.docids.filter((docid) => !opened.has(docid))

/** Every browse in order, with the pair that comes of it, if any. */
export const minePairs = (events: readonly Event[], options: MineOptions): MinedBrowse[] => {
  const { isRelevant, inCorpus } = options
  const mined: MinedBrowse[] = []
  let held = NOTHING
  let openedSinceSearch: string[] = []
  for (const event of events) {
    if ('search' in event) {
      held = { ...held, searches: [...held.searches, event.search] }
      openedSinceSearch = []
      continue
    }
    const { run } = event
    const relevanceOf = new Map(run.map((call) => [call, isRelevant(call)]))
    const having = (relevance: boolean | null): string[] =>
      run.filter((call) => relevanceOf.get(call) === relevance).map((call) => call.docid)
    const useful = new Set(having(true))
    const current = held.searches.at(-1)
    openedSinceSearch = [...openedSinceSearch, ...run.map((call) => call.docid)]
    const searches = options.negatives === 'turn' ? held.searches.slice(-1) : held.searches
    const candidates = unique(
      options.negatives === 'turn'
        ? current === undefined
          ? []
          : turnNegatives(current, new Set(openedSinceSearch))
        : sessionNegatives(run, held, relevanceOf),
    ).filter((docid) => !useful.has(docid) && inCorpus(docid))
    for (const call of run) {
      const search = latestFirst(searches).find((candidate) => candidate.docids.includes(call.docid))
      const relevant = relevanceOf.get(call) ?? null
      const pairs = relevant !== null && search !== undefined && inCorpus(call.docid)
      mined.push({
        call,
        relevant,
        query: current?.query ?? '',
        search,
        pair: pairs ? { negatives: candidates.filter((docid) => docid !== call.docid) } : undefined,
      })
    }
    held =
      useful.size > 0
        ? NOTHING
        : {
            ...held,
            rejected: [...held.rejected, ...having(false)],
            undecided: [...held.undecided, ...having(null)],
          }
  }
  return mined
}
