// Logs whose documents have odd ids give the training file that the same logs with plain ids give.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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
