import { join } from 'node:path'
import { expect, it } from 'vitest'
import { randomStaticModel, saveModel } from '../../../model/folder.ts'
import { vocabularyBuilder } from '../../../model/tokenize/vocabulary.ts'
import { trainSchema, type ModelConfig } from '../../../stages/train/config.ts'
import { rows, small, temporaryFolder, trainModel, writeRows } from './helpers.ts'

it.each([
  [{ lora: {} }, 'lora', /only along with train\.model/],
  [{ pooling: 'cls' }, 'pooling', /only along with train\.model/],
  [{ random_start: true }, 'random_start', /only along with train\.model/],
  [{ precision: 'float16' }, 'precision', /only along with train\.model/],
  [{ model: 'folder', architecture: 'static' }, 'architecture', /only without train\.model/],
  [{ model: 'folder', dimensions: 16 }, 'dimensions', /only without train\.model/],
  [{ model: 'folder', vocabulary: 100 }, 'vocabulary', /only without train\.model/],
  [{ seeds: [1, 1] }, 'seeds', /each seed once/],
  [{ weightings: ['none', 'none'] }, 'weightings', /each weighting once/],
  [{ dev: { metric: 'accuracy' } }, 'metric', /a measure such as/],
  [{ dev: { share: 1 } }, 'share', /less than 1|<1/],
] as const)('refuses what would be without effect or meaning: %j', (given, key, message) => {
  const { error } = trainSchema.safeParse(given)
  expect(error?.issues.map(({ path }) => path.at(-1))).toEqual([key])
  expect(error?.issues[0].message).toMatch(message)
})

it('takes values that change nothing either way', () => {
  expect(trainSchema.safeParse({ random_start: false, precision: 'float32' }).success).toBe(true)
  expect(trainSchema.safeParse({ model: 'folder', lora: {}, precision: 'float16', random_start: true }).success).toBe(
    true,
  )
})

it('refuses what means nothing for the static model of a folder', async () => {
  const folder = await temporaryFolder()
  const builder = vocabularyBuilder()
  builder.add('a b c')
  const tokenizerJson = builder.finish({ size: 100, maxTokens: 32 })
  const path = join(folder, 'static')
  await saveModel(randomStaticModel({ tokenizerJson, dimensions: 8, maxTokens: 32, seed: 1 }), path)
  const examples = await writeRows(folder, rows(8))
  const run = (change: Partial<ModelConfig>) =>
    trainModel({ examples, folder: join(folder, 'out'), config: { ...small, model: path, ...change } })
  const lora = { rank: 2, alpha: 4, targets: ['query'] }
  await expect(run({ lora })).rejects.toThrow(/train\.lora: expected it only for a transformer; found .*static/)
  await expect(run({ precision: 'float16' })).rejects.toThrow(/train\.precision/)
  await expect(run({ pooling: 'cls' })).rejects.toThrow(/train\.pooling/)
  await expect(run({ random_start: true })).rejects.toThrow(/train\.random_start/)
  expect((await run({})).steps).toBe(3)
})
