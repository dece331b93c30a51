// Every format of logs: the same runs, written in it, come back as the same steps.
import { describe, expect, it } from 'vitest'
import { readLratRuns } from '../../../data/readers/lrat-runs.ts'
import { openLogs } from '../../../data/readers/logs/open.ts'
import { readSession, type ReadSession } from '../../../data/readers/logs/trajectory.ts'
import type { LogRecord } from '../../../data/readers/logs/session.ts'
import { NOT_OURS, type Trajectory } from '../../../data/schemas.ts'
import { sharedTest } from '../../helpers/shared.ts'
import { collect, scratch } from '../helpers.ts'
import { written } from './write.ts'

const { write } = scratch()

const sessions = async (path: string): Promise<LogRecord[]> =>
  collect((await openLogs(path, { format: 'auto' })).sessions)
const read = async (path: string): Promise<ReadSession[]> =>
  (await sessions(path)).map((record) => {
    if ('skip' in record) throw new Error(`${record.where}: ${record.skip}, ${record.detail}`)
    return readSession(record.session)
  })

const small: Trajectory = {
  trajectory_id: '7',
  query_id: '7',
  question: 'Who built the lighthouse?',
  retriever: '',
  agent: 'model-a',
  status: 'completed',
  answer: 'Ada Crane.\n\nShe built it in 1901.',
  steps: [
    { type: 'reasoning', tool: null, arguments: '', output: 'I should look for the lighthouse.', docids: [] },
    {
      type: 'tool_call',
      tool: 'search',
      arguments: '{"query": ["lighthouse builder"]}',
      output:
        "A search for 'x' found 2 results:\n\n## Web Results\nDocID:d1\n[Lighthouse]\nLighthouse\nA lighthouse …\n\nDocID:d:2\n[Crane]\nAda Crane",
      docids: ['d1', 'd:2'],
    },
    { type: 'tool_call', tool: 'search', arguments: '{"query":["Ada Crane"]}', output: 'No results found', docids: [] },
    {
      type: 'reasoning',
      tool: null,
      arguments: '',
      output: 'The second one. {"quoted": "json"} & <b>tags</b>',
      docids: [],
    },
    {
      type: 'tool_call',
      tool: 'get_document',
      arguments: '{"docid": "d:2"}',
      output: '{"docid": "d:2", "text": "Ada Crane built it."}',
      docids: ['d:2'],
    },
    { type: 'reasoning', tool: null, arguments: '', output: 'That answers it.', docids: [] },
    { type: 'answer', tool: null, arguments: '', output: 'Ada Crane.\n\nShe built it in 1901.', docids: [] },
  ],
  prompt_tokens: null,
  completion_tokens: null,
  ...NOT_OURS,
}

const real = async (path: string): Promise<Trajectory[]> =>
  (await collect(readLratRuns(path))).flatMap((run) => ('row' in run ? [run.row] : []))

describe.each(Object.entries(written))('%s', (_name, { format, file, text }) => {
  const compare = async (rows: readonly Trajectory[]): Promise<void> => {
    const golds = new Map(rows.map((row) => [row.query_id, 'gold']))
    const path = write(`${rows.length}-${file}`, text(rows, golds))
    const opened = await openLogs(path, { format: 'auto' })
    await opened.sessions.return(undefined)
    expect(opened.format).toBe(format)
    const found = await read(path)
    const byQuery = new Map(found.map(({ row }) => [row.query_id, row]))
    expect([...byQuery.keys()].sort()).toEqual(rows.map((row) => row.query_id).sort())
    for (const row of rows) {
      const { question, answer, steps, status } = byQuery.get(row.query_id) ?? {}
      const stepsOf = (list: readonly Trajectory['steps'][number][] | undefined) =>
        list?.map((step) => ({
          ...step,
          arguments: step.arguments === '' ? '' : JSON.stringify(JSON.parse(step.arguments)),
        }))
      expect(stepsOf(steps)).toEqual(stepsOf(row.steps))
      expect({ question, answer, status }).toEqual({ question: row.question, answer: row.answer, status: row.status })
    }
  }
  it('gives back a run', () => compare([small, { ...small, trajectory_id: '8', query_id: '8' }]))
  sharedTest('gives back the six real runs', ['data/lrat/trajectories'], async (runs) => compare(await real(runs)))
})

sharedTest('LRAT runs give what their own reader gives', ['data/lrat/trajectories'], async (runs) => {
  expect((await read(runs)).map(({ row }) => row)).toEqual(await real(runs))
})
