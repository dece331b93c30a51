// No reader takes a record of any length.
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readHotpotqa } from '../../data/readers/corpora/hotpotqa.ts'
import { readMediawikiArticles } from '../../data/readers/corpora/mediawiki.ts'
import { readJsonLines } from '../../data/readers/lines.ts'
import { readLineChunks } from '../../data/readers/line-chunks.ts'
import { readRunValues } from '../../data/readers/lrat-runs.ts'
import { csv, readTable } from '../../data/readers/table.ts'
import { failure, scratch } from './helpers.ts'

const { write } = scratch()
const endless = 'x'.repeat(8 << 20)

beforeEach(() => void vi.stubEnv('LRAT_MAX_RECORD_MIB', '1'))
afterEach(() => void vi.unstubAllEnvs())

it.each([
  ['run.json.gz', `{"query_id": "${endless}"}`, readRunValues],
  ['table.csv.gz', `id,text\n1,"${endless}`, (path: string) => readTable(path, csv)],
  ['hotpot.json.gz', `[{"question": "${endless}`, readHotpotqa],
  ['lines.jsonl.gz', `{"id": "${endless}`, readJsonLines],
  ['chunks.jsonl.gz', `{"id": "${endless}`, (path: string) => readLineChunks([path], 1 << 18)],
  ['dump.xml.gz', `<mediawiki><page><ns>0</ns><id>1</id><revision><text>${endless}`, readMediawikiArticles],
] as const)('%s', async (name, content, read) => {
  const path = write(name, gzipSync(content))
  const { problem } = await failure(read(path))
  expect(problem.where.startsWith(path)).toBe(true)
  expect(problem.found).toMatch(/^more than 1 MiB without /)
  expect(problem.fix).toContain('LRAT_MAX_RECORD_MIB')
})

it('a run that is not compressed', async () => {
  const path = write('plain.json', `{"query_id": "${endless}"}`)
  expect((await failure(readRunValues(path))).problem).toMatchObject({
    where: path,
    found: 'more than 1 MiB without its end',
  })
})

it('a limit that is none is an error', async () => {
  vi.stubEnv('LRAT_MAX_RECORD_MIB', 'lots')
  expect((await failure(readJsonLines(write('a.jsonl', '{}\n')))).problem.where).toBe('LRAT_MAX_RECORD_MIB')
})
