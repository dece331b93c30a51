// How much of a log's tool calls was understood, tool by tool; too little is an error that shows a call and the key to set.
import { UserError } from '../../../core/errors.ts'
import { excerpt } from '../errors.ts'
import type { ToolCall } from './session.ts'
import type { Role } from './tools.ts'
import type { ReadSession } from './trajectory.ts'
import { plainText } from './values.ts'

export interface ToolTally {
  readonly role: Role
  calls: number
  understood: number
  readonly first: ToolCall
  /** The first call that was not understood. */
  failed: ToolCall | undefined
}

export interface Understanding {
  add(session: ReadSession): void
  readonly tools: ReadonlyMap<string, ToolTally>
  /** Errors: UserError when fewer than nine in ten of the calls that search or open are understood. */
  check(where: string): void
}

const ENOUGH = 0.9

const shown = (call: ToolCall): string =>
  `${call.name}(${excerpt(plainText(call.arguments))}) -> ${excerpt(plainText(call.result ?? call.documents))}`

const keyFor = ({ role }: ToolTally): string =>
  role === 'search'
    ? 'trajectories.tools.search (query, hits, docid, or pattern for results that are text)'
    : 'trajectories.tools.open (docid)'

export const understanding = (): Understanding => {
  const tools = new Map<string, ToolTally>()
  return {
    tools,
    add: ({ calls }) => {
      for (const { tool, role, understood, call } of calls) {
        const tally = tools.get(tool) ?? { role, calls: 0, understood: 0, first: call, failed: undefined }
        tools.set(tool, tally)
        tally.calls += 1
        if (understood) tally.understood += 1
        else tally.failed ??= call
      }
    },
    check: (where) => {
      const counted = [...tools].filter(([, { role }]) => role !== 'other')
      const calls = counted.reduce((sum, [, tally]) => sum + tally.calls, 0)
      const understood = counted.reduce((sum, [, tally]) => sum + tally.understood, 0)
      if (calls === 0 || understood >= ENOUGH * calls) return
      const [worst] = counted.sort(([, a], [, b]) => b.calls - b.understood - (a.calls - a.understood))
      if (worst === undefined) return
      const [name, tally] = worst
      throw new UserError({
        where: `${where}, tool ${name}`,
        expected: `nine in ten of the calls that search or open to be understood, to find query, hits and docids in them`,
        found: `${understood} of ${calls}; one that is not: ${shown(tally.failed ?? tally.first)}`,
        fix: `Set ${keyFor(tally)}, or list the tool under trajectories.tools.other; \`lrat inspect-logs\` shows what is recognised.`,
      })
    },
  }
}

/** One line a tool: what it is taken for, how often, and how much of it was understood. */
export const describeTools = ({ tools }: Understanding): string[] =>
  [...tools]
    .sort(([, a], [, b]) => b.calls - a.calls)
    .map(([name, { role, calls, understood }]) =>
      role === 'other'
        ? `${name}: neither searches nor opens, ${calls} calls`
        : `${name}: ${role === 'search' ? 'searches' : 'opens documents'}, ${calls} calls, ${understood} understood`,
    )
