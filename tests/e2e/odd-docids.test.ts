// Logs whose documents have odd ids give the training file that the same logs with plain ids give.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runCli } from '../helpers/cli.ts'
import { agentRun, browse, corpusRows, reasoning, search, writeSample } from '../helpers/sample.ts'
import { jsonl, tempFolders } from '../helpers/temp.ts'

const temp = tempFolders()
const RUNS = 4

const kinds: readonly ((n: string) => string)[] = [
  (n) => `wiki:Scott ${n}`,
  (n) => `https://x.org/y?z=${n}#w`,
  (n) => `漢字 😀 é ${n}`,
  (n) => `it's "${n}" \\ ; -- [*] %20`,
  (n) => `a:b:${n}`,
  (n) => `${'long '.repeat(2000)}:${n}`,
  (n) => (n === 'd0' ? 'constructor' : n === 'd1' ? '__proto__' : n === 'd2' ? 'toString' : n),
]

const exported = async (name: (docid: string) => string): Promise<Record<string, unknown>[]> => {
  const folder = temp()
  const rename = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.replaceAll(/DocID:(d\d+)/g, (_, id: string) => `DocID:${name(id)}`)
      : Array.isArray(value)
        ? value.map(rename)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value).map(([key, inner]) => {
                if (key !== 'arguments' || typeof inner !== 'string') return [key, rename(inner)]
                const { docid, ...rest } = JSON.parse(inner) as { docid?: string }
                return [key, JSON.stringify(docid === undefined ? rest : { docid: name(docid) })]
              }),
            )
          : value
  const { config, run } = writeSample(folder, {
    config: { tokenizer: 'whitespace' },
    runs: RUNS,
    files: {
      'corpus.jsonl': jsonl(corpusRows(20).map(({ docid, text }) => ({ docid: name(docid), text }))),
      ...Object.fromEntries(Array.from({ length: RUNS }, (_, n) => [`trajectories/${n}.json`, rename(agentRun(n))])),
    },
  })
  const { code, stderr } = await runCli(['run', '-c', config, '--to', 'export'], { cwd: folder })
  expect(stderr).not.toContain('error')
  expect(code).toBe(0)
  return readFileSync(join(run, 'export/lrat-train.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

it('the same pairs, whatever the ids look like', { timeout: 120_000 }, async () => {
  const plain = await exported((id) => id)
  expect(plain.length).toBe(RUNS)
  for (const name of kinds) {
    const renamed = plain.map((row) => ({
      ...row,
      pos_id: (row['pos_id'] as string[]).map(name),
      neg_id: (row['neg_id'] as string[]).map(name),
    }))
    expect(await exported(name)).toEqual(renamed)
  }
})

it('an id that is neither a hit nor a document is cut at its last colon, and that is said', async () => {
  const folder = temp()
  const { config } = writeSample(folder, {
    runs: 1,
    files: {
      'trajectories/0.json': { ...agentRun(0), result: [search('river', ['d1', 'd2']), browse('corpus:d2')] },
    },
  })
  const { code, stderr, stdout } = await runCli(['run', '-c', config, '--to', 'mine'], { cwd: folder })
  expect(code).toBe(0)
  expect(stdout + stderr).toContain('1 opened docids are neither in the corpus nor among the hits')
  expect(stdout + stderr).not.toContain('not in the corpus and left out')
})

it('an opened docid with a NUL is a document outside the corpus', async () => {
  const folder = temp()
  const result = [search('river', ['d1', 'd2']), browse('a\0b'), browse('d2'), reasoning('The river2 flows there.')]
  const { config } = writeSample(folder, { runs: 1, files: { 'trajectories/0.json': { ...agentRun(0), result } } })
  const { code, stderr, stdout } = await runCli(['run', '-c', config, '--to', 'mine'], { cwd: folder })
  expect(stderr).not.toContain('error')
  expect(code).toBe(0)
  expect(stdout + stderr).toContain('1 docid in the trajectories is not in the corpus')
})

/** Names that objects inherit or treat specially. */
const INHERITED = ['constructor', '__proto__', 'toString', 'hasOwnProperty']

it(
  'names that objects inherit, as tools, docids, questions and columns, give the same pairs',
  { timeout: 120_000 },
  async () => {
    const exportedWith = async (names: readonly string[], columns: readonly [id: string, text: string]) => {
      const folder = temp()
      const docid = (id: string): string => names[Number(id.slice(1))] ?? id
      const rows = corpusRows(20).map(({ docid: id, text }) => `${docid(id)},"${text}"\n`)
      const tool = (name: string): object => ({ type: 'tool_call', tool_name: name, arguments: '{}', output: 'odd' })
      const runs = Array.from({ length: RUNS }, (_, n) => ({
        query_id: names[n] ?? `q${n}`,
        query: `Where does river ${n} flow?`,
        status: 'completed',
        result: [
          search(`river ${n}`, ['d0', 'd1', 'd2', 'd3', 'd4'].map(docid)),
          tool(names[n] ?? 'odd'),
          browse(docid(`d${n}`)),
          reasoning(`The river${n} flows there.`),
        ],
      }))
      const { config, run } = writeSample(folder, {
        config: {
          tokenizer: 'whitespace',
          corpus: { format: 'csv', path: 'corpus.csv', columns: { id: columns[0], text: columns[1] } },
        },
        runs: 0,
        files: {
          'corpus.csv': `${columns.join(',')}\n${rows.join('')}`,
          'trajectories/runs.jsonl': jsonl(runs),
        },
      })
      const { code, stderr } = await runCli(['run', '-c', config, '--to', 'export'], { cwd: folder })
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')])
      return readFileSync(join(run, 'export/lrat-train.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    }
    const plain = await exportedWith([], ['id', 'text'])
    expect(plain).toHaveLength(RUNS)
    const columns = fc.shuffledSubarray(INHERITED, { minLength: 2, maxLength: 2 })
    const names = fc.shuffledSubarray(INHERITED, { minLength: 4 })
    await fc.assert(
      fc.asyncProperty(names, columns, async (given, [id = '', text = '']) => {
        const renamed = (ids: unknown): string[] =>
          (ids as string[]).map((docid) => given[Number(docid.slice(1))] ?? docid)
        expect(await exportedWith(given, [id, text])).toEqual(
          plain.map((row) => ({ ...row, pos_id: renamed(row['pos_id']), neg_id: renamed(row['neg_id']) })),
        )
      }),
      { numRuns: 2, endOnFailure: true },
    )
  },
)
