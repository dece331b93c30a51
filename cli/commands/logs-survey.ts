// What is in logs, counted: whether they can be mined, and what of them is understood.
import type { FormatName } from '../../data/readers/logs/formats.ts'
import { openLogs } from '../../data/readers/logs/open.ts'
import { documentsSeen, readSession, type ReadSession } from '../../data/readers/logs/trajectory.ts'
import { understanding } from '../../data/readers/logs/understanding.ts'

const TURNS = new Set(['tool_call', 'answer'])

/** Shares that decide whether logs can be mined. */
const newShares = () => ({
  sessions: 0,
  answered: 0,
  withQuestion: 0,
  withGold: 0,
  searches: 0,
  searchesWithHits: 0,
  opens: 0,
  opensOfHits: 0,
  turns: 0,
  turnsWithThoughts: 0,
  documentsWithText: 0,
})
export type Shares = ReturnType<typeof newShares>

const count = (shares: Shares, { row }: ReadSession, golds: number, withText: number): void => {
  shares.sessions += 1
  if (row.answer !== '') shares.answered += 1
  if (row.question !== '') shares.withQuestion += 1
  if (golds > 0) shares.withGold += 1
  shares.documentsWithText += withText
  const shown = new Set<string>()
  for (const [at, step] of row.steps.entries()) {
    if (TURNS.has(step.type)) {
      shares.turns += 1
      if (row.steps[at - 1]?.type === 'reasoning') shares.turnsWithThoughts += 1
    }
    if (step.tool === 'search') {
      shares.searches += 1
      if (step.docids.length > 0) shares.searchesWithHits += 1
      for (const docid of step.docids) shown.add(docid)
    } else if (step.tool === 'get_document' || step.tool === 'visit') {
      shares.opens += 1
      const [docid] = step.docids
      if (docid !== undefined && (shown.has(docid) || shown.has(docid.slice(docid.lastIndexOf(':') + 1))))
        shares.opensOfHits += 1
    }
  }
}

export interface Survey {
  readonly format: FormatName
  /** How the format was found out; undefined where it was given. */
  readonly why: string | undefined
  readonly shares: Readonly<Shares>
  readonly known: ReturnType<typeof understanding>
  /** Records left out, and what was odd about others, by reason. */
  readonly skipped: ReadonlyMap<string, number>
  readonly odd: ReadonlyMap<string, number>
  readonly firstSkip: string | undefined
}

interface SurveyOptions {
  readonly format: FormatName | 'auto'
  /** Sessions to look at. */
  readonly limit: number
  readonly onSession?: (session: ReadSession) => void
}

/** Errors: UserError where the logs cannot be opened or are of no known format. */
export const surveyLogs = async (path: string, { format, limit, onSession }: SurveyOptions): Promise<Survey> => {
  const opened = await openLogs(path, { format })
  const shares = newShares()
  const known = understanding()
  const skipped = new Map<string, number>()
  const odd = new Map<string, number>()
  let firstSkip: string | undefined
  for await (const record of opened.sessions) {
    if ('skip' in record) {
      skipped.set(record.skip, (skipped.get(record.skip) ?? 0) + 1)
      firstSkip ??= `${record.where}: ${record.skip}, ${record.detail}`
      continue
    }
    const read = readSession(record.session)
    known.add(read)
    onSession?.(read)
    count(shares, read, record.session.golds.length, documentsSeen(read).filter(({ text }) => text !== '').length)
    for (const source of [record.odd, read.odd])
      for (const [reason, times] of source) odd.set(reason, (odd.get(reason) ?? 0) + times)
    if (shares.sessions === limit) break
  }
  return { format: opened.format, why: opened.why, shares, known, skipped, odd, firstSkip }
}
