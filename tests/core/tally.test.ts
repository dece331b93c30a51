import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createTally } from '../../core/tally.ts'
import { agentRunOf } from '../../evaluation/agents/agent-runs.ts'
import { parseLratRun, toLratRun } from '../../data/readers/lrat-run.ts'

const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']

it('counts every name, those that objects inherit too', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...inherited), fc.string())), (names) => {
      const tally = createTally()
      for (const name of names) tally.add(name)
      for (const name of [...inherited, ...names]) {
        const times = names.filter((other) => other === name).length
        expect(tally.counts()[name] ?? 0).toBe(times)
        expect(tally.entries().filter(([other]) => other === name)).toEqual(times === 0 ? [] : [[name, times]])
      }
      expect(tally.total).toBe(names.length)
    }),
  )
})

it('tools and step types with such names are counted and kept as they are', () => {
  const result = inherited.flatMap((name) => [
    { type: 'tool_call', tool_name: name, arguments: '{}', output: '' },
    { type: name, tool_name: null, arguments: null, output: name },
  ])
  const run = parseLratRun({ query_id: '__proto__', query: 'q', status: 'completed', result }, 'test')
  if ('skip' in run) throw new Error(run.skip)
  expect(run.row.steps.map(({ type }) => type)).toEqual(inherited.flatMap((name) => ['tool_call', name]))
  const { toolCalls } = agentRunOf(run.row, 'test')
  for (const name of inherited) expect(toolCalls[name]).toBe(1)
  expect(JSON.parse(JSON.stringify(toLratRun(run.row)))).toMatchObject({ query_id: '__proto__' })
})

it('a run nested too deeply to be written is skipped, not thrown', () => {
  const deep: unknown = JSON.parse(
    `{"query_id":"q","result":[{"type":"tool_call","arguments":${'['.repeat(1e5)}${']'.repeat(1e5)}}]}`,
  )
  expect(parseLratRun(deep, 'test')).toMatchObject({ skip: 'too-deep' })
})
