// From a list of stages follows everything: a stage of a folder of its own and one line in a list is run, resumed, shown.
import { Command } from 'commander'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { registerFor as registerInspect } from '../../cli/commands/inspect.ts'
import { registerFor as registerRun } from '../../cli/commands/run.ts'
import { queries } from '../../data/schemas.ts'
import { createContext } from '../../pipeline/context.ts'
import { plan } from '../../pipeline/expected.ts'
import { renderReference } from '../../pipeline/config-reference.ts'
import type { Read } from '../../pipeline/reads.ts'
import { runStages } from '../../pipeline/runner.ts'
import { statusOf } from '../../pipeline/status.ts'
import { stages } from '../../stages/all.ts'
import { schemaOf } from '../../stages/assemble.ts'
import { configSchema, type Config } from '../../stages/config.ts'
import { reportStage } from '../../stages/report/stage.ts'
import { trainStage } from '../../stages/train/stage.ts'
import { tempFolders } from '../helpers/temp.ts'
import { writeSample } from '../helpers/sample.ts'
import { silent } from '../pipeline/fake-stages.ts'
import { dummyStage, filled } from './dummy/stage.ts'

const temp = tempFolders()
const ours = stages.filter(({ name }) => name !== 'report')
const list = [...ours, dummyStage] as const
const all = [...list, reportStage(list)] as const
const schema = schemaOf(all)
const signal = new AbortController().signal

test('a stage of one file and one line is run, resumed, and shown everywhere', { timeout: 30_000 }, async () => {
  const folder = temp()
  const { run } = writeSample(folder)
  const config = schema.parse({
    run,
    corpus: { path: join(folder, 'corpus.jsonl') },
    trajectories: { import: join(folder, 'trajectories') },
    filter: { correctness: 'none' },
    dummy: { times: 3 },
  })
  process.env['LRAT_TEST_DUMMY'] = 'fails'
  const begin = () => runStages({ run, config, stages: all, progress: silent, signal, to: 'report' })
  await expect(begin()).rejects.toThrow('the dummy failed after a part')
  delete process.env['LRAT_TEST_DUMMY']
  expect(statusOf(run, config, all).find(({ stage }) => stage === 'dummy')).toMatchObject({ state: 'partial' })
  await begin()
  expect(filled).toEqual([0])
  expect(statusOf(run, config, all).map(({ stage, state }) => `${stage}: ${state}`)).toEqual(
    ['ingest', 'generate', 'filter', 'mine', 'dummy', 'report'].map((name) => `${name}: up to date`),
  )
  const text = readFileSync(join(run, 'report', 'report.txt'), 'utf8')
  expect(text).toMatch(/^tallied +18$/m)
  expect(text).toContain('The dummy has spoken.')

  const program = new Command('lrat')
  registerRun(program, { stages: all, schema })
  registerInspect(program, { stages: all, schema })
  expect(program.helpInformation()).toMatch(/dummy .*tally the pairs/)
  expect(program.commands.find((command) => command.name() === 'show')?.helpInformation()).toContain('tallies')
  expect(renderReference(schema)).toContain('| `dummy.times` | number | `2` | What the count is multiplied by. |')
})

test('training on a file without a corpus reads no corpus that an earlier run left behind', async () => {
  const folder = temp()
  const run = join(folder, 'run')
  const config = configSchema.parse({ run, train: { data: 'rows.jsonl' } })
  expect(plan(stages, config, 'train').map(({ name }) => name)).toEqual(['train'])
  const leftover = configSchema.parse({
    run,
    corpus: { path: writeSample(folder).config.replace('config.yaml', 'corpus.jsonl') },
  })
  await runStages({ run, config: leftover, stages, progress: silent, signal, to: 'ingest' })
  expect(existsSync(join(run, 'ingest', 'documents'))).toBe(true)
  const told = { stages, stage: trainStage, run, fingerprint: 'f', restsOn: [], progress: silent, signal }
  expect(createContext<Config>({ ...told, config }).parts('documents')).toEqual([])
  expect(
    createContext<Config>({ ...told, config: { ...config, corpus: leftover.corpus } }).parts('documents'),
  ).toHaveLength(1)
})

test('what a stage did not declare it cannot read, nor what this configuration keeps from it', () => {
  const config = configSchema.parse({ run: join(temp(), 'run'), train: { data: 'rows.jsonl' } })
  const context = createContext({
    ...{ stages, stage: trainStage, config, run: config.run },
    ...{ fingerprint: 'f', restsOn: [], progress: silent, signal },
  })
  expect(() => context.parts('trajectories')).toThrow(
    "stage train reads 'trajectories', which its description does not declare",
  )
  expect(() => context.path('examples')).toThrow("'examples', which this configuration does not let it read")
  expect(() => context.path('documents')).toThrow("reads 'documents' as a file, which it declares as a table")
  expect(Object.keys(context.config)).not.toContain('mine')
})

test('a stage listed before its input, or that reads what nobody writes, is an error at the start', () => {
  const config = schema.parse({ run: 'unused' })
  const swapped = [dummyStage, ...ours]
  expect(() => plan(swapped, config, 'dummy')).toThrow(
    'stage dummy: expected stage mine, which it reads, to be listed before it',
  )
  const read: Read<unknown> = { stage: 'mine', table: queries }
  const wrong = [...ours, { ...dummyStage, reads: { pairs: read } }]
  expect(() => plan(wrong, config, 'dummy')).toThrow('expected stage mine to write the table queries')
})

test('a table that no longer lines up with another is an error, not a shift', async () => {
  const folder = temp()
  const { run } = writeSample(folder)
  const config = configSchema.parse({
    run,
    corpus: { path: join(folder, 'corpus.jsonl') },
    trajectories: { import: join(folder, 'trajectories') },
    filter: { correctness: 'none' },
  })
  await runStages({ run, config, stages, progress: silent, signal, to: 'filter' })
  writeFileSync(
    join(run, 'filter', 'verdicts', 'part-00001.parquet'),
    readFileSync(join(run, 'filter', 'verdicts', 'part-00000.parquet')),
  )
  await expect(runStages({ run, config, stages, progress: silent, signal, to: 'mine' })).rejects.toThrow(
    /filter\/verdicts: expected 1 parts of 3 rows, as in the table that it lines up with; found 2 parts of 3, 3 rows/,
  )
})
