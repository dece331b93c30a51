// Every configuration in configs/ runs on a bare clone, made small where it is large.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { searcher } from '../../scripts/fake-openai/scripts.ts'
import { startFake } from '../../scripts/fake-openai/server.ts'
import { runCli } from '../helpers/cli.ts'
import { jsonl, tempFolders, writeFiles } from '../helpers/temp.ts'
import { bareFolder, tinyBert } from '../model/tiny.ts'
import { rows } from '../stages/train/helpers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const temp = tempFolders()

/** What makes each small, or stands in for what is not here; gives the command's arguments and the last stage. */
const SMALL: Readonly<Record<string, (folder: string) => Promise<{ to: string; set: readonly string[] }>>> = {
  'demo.yaml': async () => ({
    to: 'report',
    set: ['corpus.articles=200', 'corpus.questions=30', 'train.seeds=[1]', 'train.dimensions=16', 'train.epochs=1'],
  }),
  'lrat.yaml': async () => ({ to: 'report', set: [] }),
  'finetune.yaml': async (folder) => {
    writeFiles(folder, { 'rows.jsonl': jsonl(rows(24)) })
    const model = await bareFolder(tinyBert)
    const start = [`train.model=${model}`, 'train.random_start=true', `train.data=${join(folder, 'rows.jsonl')}`]
    return {
      to: 'train',
      set: [...start, 'device=cpu', 'train.epochs=1', 'train.batch_size=8', 'train.group_size=3'],
    }
  },
  // Judging needs a model that judges; the agent's part is as far as a scripted server takes it.
  'llm.yaml': async () => ({ to: 'generate', set: ['corpus.articles=200', 'corpus.questions=20'] }),
}

test('all of them are tried', () => {
  expect(readdirSync(join(root, 'configs')).filter((name) => name.endsWith('.yaml'))).toEqual(Object.keys(SMALL).sort())
})

test.each(Object.entries(SMALL))('configs/%s', async (name, small) => {
  const folder = temp()
  const server = await startFake({ script: searcher(4) })
  try {
    const { to, set } = await small(folder)
    // The address of a server is the one thing in a list, which --set does not reach.
    const text = readFileSync(join(root, 'configs', name), 'utf8').replace('http://localhost:8000/v1', server.url)
    writeFiles(folder, { [name]: text })
    const all = [`run=${join(folder, 'run')}`, ...set].flatMap((one) => ['--set', one])
    const { code, stderr } = await runCli(['run', '-c', join(folder, name), '--to', to, ...all], { cwd: root })
    expect([code, stderr]).toEqual([0, expect.stringMatching(new RegExp(`^${to} +[\\d,]+ (rows|files)`, 'm'))])
  } finally {
    await server.close()
  }
})
