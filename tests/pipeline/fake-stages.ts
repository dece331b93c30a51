// A pipeline of small stages that count their work: numbers, their doubles, the sum of both, and a stage aside.
import { readFileSync } from 'node:fs'
import { int32, type Row, type Table } from '../../core/columns.ts'
import { all, connect, parquet } from '../../core/database.ts'
import type { Progress } from '../../pipeline/progress.ts'
import { runStages, type RunOptions } from '../../pipeline/runner.ts'
import type { Stage, StageContext } from '../../pipeline/stage.ts'

export interface FakeConfig {
  readonly file: string
  readonly shards: number
  readonly factor: number
  readonly add: number
  readonly aside: string
  /** Makes `sum` read `aside` too. */
  readonly withAside: boolean
}

export const fakeTable = <N extends string>(name: N): Table<{ n: typeof int32 }> & { readonly name: N } => ({
  name,
  writer: 'rows',
  columns: { n: int32 },
})
export const [numbers, doubles, sums] = ['numbers', 'doubles', 'sums'].map(fakeTable)

export const readNumbers = async (parts: readonly string[]): Promise<number[]> => {
  const connection = await connect({ threads: 1 })
  try {
    const rows = await all<Row<typeof numbers>>(connection, `SELECT n FROM ${parquet(parts)}`)
    return rows.map((row) => row.n)
  } finally {
    connection.closeSync()
  }
}

/** What ran: names of stages begun, and `stage:shard` of shards filled. */
export interface Work {
  readonly began: string[]
  readonly filled: string[]
  /** Called before a shard is filled; may throw. */
  onShard: (stage: string, shard: number) => void
}
export const newWork = (): Work => ({ began: [], filled: [], onShard: () => undefined })

export const fakeStages = (work: Work): Stage<FakeConfig>[] => {
  const table = (name: string): Table => [numbers, doubles, sums].find((candidate) => candidate.name === name)!
  const shards = async (
    context: StageContext<FakeConfig>,
    name: string,
    rowsOf: (shard: number) => Promise<number[]> | number[],
  ) => {
    work.began.push(name)
    for (let shard = 0; shard < context.config.shards; shard += 1) {
      await context.shard(shard, async (writer) => {
        work.onShard(name, shard)
        await writer.write(
          table(name),
          (await rowsOf(shard)).map((n) => ({ n })),
        )
        work.filled.push(`${name}:${shard}`)
      })
      context.mark(shard + 1, context.config.shards, 'shards')
    }
    return { counts: { shards: context.config.shards } }
  }
  const from = (context: StageContext<FakeConfig>, name: string, shard: number): Promise<number[]> =>
    readNumbers(context.parts(name).slice(shard, shard + 1))
  return [
    {
      name: 'numbers',
      version: 1,
      summary: '',
      reads: {},
      writes: [numbers],
      parameters: ({ shards: count }) => ({ count }),
      outside: ({ file }) => [file],
      run: (context) => {
        const base = Number(readFileSync(context.config.file, 'utf8'))
        return shards(context, 'numbers', (shard) => [base + shard, base + shard + 100])
      },
    },
    {
      name: 'aside',
      version: 1,
      summary: '',
      reads: {},
      writes: [],
      parameters: ({ aside }) => ({ aside }),
      run: async () => {
        work.began.push('aside')
        return { counts: {} }
      },
    },
    {
      name: 'doubles',
      version: 1,
      summary: '',
      reads: { numbers: { stage: 'numbers', table: numbers } },
      writes: [doubles],
      parameters: ({ factor }) => ({ times: { factor } }),
      run: (context) =>
        shards(context, 'doubles', async (shard) =>
          (await from(context, 'numbers', shard)).map((n) => n * context.config.factor),
        ),
    },
    {
      name: 'sums',
      version: 1,
      summary: '',
      reads: {
        doubles: { stage: 'doubles', table: doubles },
        aside: { stage: 'aside', file: '.', when: ({ withAside }) => withAside },
      },
      writes: [sums],
      parameters: ({ add }) => ({ add }),
      run: (context) =>
        shards(context, 'sums', async (shard) => {
          const total = (await from(context, 'doubles', shard)).reduce((a, b) => a + b, 0)
          return [total + context.config.add]
        }),
    },
  ]
}

export const silent: Progress = {
  start: () => undefined,
  update: () => undefined,
  finish: () => undefined,
  say: () => undefined,
}

/** Runs the fake stages; the result says what was done. */
export const runFake = async (
  run: string,
  config: FakeConfig,
  options: Partial<RunOptions<FakeConfig>> & { onShard?: Work['onShard'] } = {},
): Promise<Work> => {
  const work = newWork()
  work.onShard = options.onShard ?? work.onShard
  const { signal = new AbortController().signal, progress = silent, stages = fakeStages(work) } = options
  const { from, to, regenerate } = options
  await runStages({ run, config, stages, progress, signal, from, to, regenerate })
  return work
}
