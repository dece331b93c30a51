// One import run after another, whatever the format of the logs.
import { createTally, type Tally } from '../../core/tally.ts'
import { readLratRuns } from '../../data/readers/lrat-runs.ts'
import { openLogs } from '../../data/readers/logs/open.ts'
import { checkRules } from '../../data/readers/logs/tools.ts'
import { readSession } from '../../data/readers/logs/trajectory.ts'
import { describeTools, understanding } from '../../data/readers/logs/understanding.ts'
import type { Trajectory } from '../../data/schemas.ts'
import type { Config } from './config.ts'

export type ImportedRun = { readonly where: string } & (
  | { readonly skip: string; readonly detail: string }
  | {
      readonly row: Trajectory
      /** Whether the log names the question by an id. */
      readonly knowsQuestion: boolean
      readonly golds: readonly string[]
      readonly odd: Iterable<readonly [reason: string, times: number]>
      readonly scores: ReadonlyMap<string, number>
    }
)

export interface ImportedRuns {
  /** What the logs were taken for, a line each. */
  readonly notes: readonly string[]
  readonly runs: AsyncGenerator<ImportedRun>
  /** Tools of the reference's layout that are neither its search nor its opens, with their calls; filled while runs are read. */
  readonly unknownTools: Tally
  /** Lines on the tools, once all runs were read. Errors: UserError when too few calls were understood. */
  readonly finish: () => readonly string[]
}

/** Early enough to spare people a long import, late enough to judge. */
const LOOK_AFTER = 100

const KNOWN_TOOLS = new Set(['search', 'get_document', 'visit'])

const lratRuns = async function* (path: string, unknownTools: Tally): AsyncGenerator<ImportedRun> {
  for await (const run of readLratRuns(path)) {
    if ('skip' in run) yield run
    else {
      for (const { type, tool } of run.row.steps)
        if (type === 'tool_call' && tool !== null && !KNOWN_TOOLS.has(tool)) unknownTools.add(tool)
      const golds = run.gold === undefined ? [] : [run.gold]
      const odd = Object.entries(run.warnings)
      yield { where: run.where, row: run.row, knowsQuestion: true, golds, odd, scores: new Map() }
    }
  }
}

/** Errors: UserError as the readers of logs throw them, or when the rules on tools are not well-formed. */
export const openRuns = async (
  path: string,
  { format, tools = {} }: Config['trajectories'],
  scratch: string,
): Promise<ImportedRuns> => {
  checkRules(tools)
  const opened = await openLogs(path, { format, scratch })
  // The reference's own layout has a reader of its own, by the reference's conventions, unless tools have other names.
  const isReference =
    (opened.format === 'lrat' || opened.format === 'browsecomp-plus') && Object.keys(tools).length === 0
  const notes = opened.why === undefined ? [] : [`${path} is taken for ${opened.format}: ${opened.why}`]
  const unknownTools = createTally()
  if (isReference) {
    await opened.sessions.return(undefined)
    return { notes, unknownTools, runs: lratRuns(path, unknownTools), finish: () => [] }
  }
  const known = understanding()
  async function* runs(): AsyncGenerator<ImportedRun> {
    let calls = 0
    for await (const record of opened.sessions) {
      if ('skip' in record) {
        yield record
        continue
      }
      const { session, where } = record
      const read = readSession(session, tools)
      const looked = calls >= LOOK_AFTER
      known.add(read)
      calls += read.calls.filter(({ role }) => role !== 'other').length
      if (!looked && calls >= LOOK_AFTER) known.check(path)
      const odd = [...record.odd, ...read.odd].filter(([reason]) => reason !== 'other-tool')
      yield {
        where,
        row: read.row,
        knowsQuestion: session.queryId !== undefined,
        golds: session.golds,
        odd,
        scores: session.scores,
      }
    }
  }
  return {
    notes,
    unknownTools,
    runs: runs(),
    finish: () => {
      known.check(path)
      return describeTools(known)
    },
  }
}
