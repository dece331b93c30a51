// A new architecture is one row: everything else follows from it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { encoderOf } from '../../model/encoder.ts'
import { openModel, saveModel } from '../../model/folder.ts'
import { linear } from '../../model/graph/composites.ts'
import { gather } from '../../model/graph/linear.ts'
import { architecture } from '../../model/nets/architecture.ts'
import { ARCHITECTURES } from '../../model/nets/architectures.ts'
import { lookup } from '../../model/nets/layers.ts'
import { pool } from '../../model/nets/pooling.ts'
import { oneOf, size } from '../../model/nets/settings.ts'
import { bareFolder, temporary } from './tiny.ts'

/** Token embeddings, each through one linear layer. */
const BAG = architecture({
  name: 'bag',
  config: z.object({ vocab_size: size, hidden_size: size, hidden_act: oneOf('identity') }),
  network: ({ vocab_size: words, hidden_size: width }, pooling) => ({
    dimensions: width,
    pooling,
    maxTokens: 100,
    parameters: [
      { name: 'words.weight', dims: [words, width], start: { deviation: 1 }, decay: true },
      { name: 'dense.weight', dims: [width, width], start: { deviation: 1 }, decay: true },
    ],
    embed: (parameters, ids, mask) => {
      const p = lookup(parameters)
      return pool(linear(gather(p('words.weight'), ids), p('dense.weight')), mask, pooling)
    },
  }),
  tensorPrefixes: ['bag.'],
  pooling: 'cls',
  prefixes: { query: 'a: ', passage: '' },
  sample: { model_type: 'bag', vocab_size: 9, hidden_size: 3 },
})
const architectures = [...ARCHITECTURES, BAG]
const config = { model_type: 'bag', vocab_size: 76, hidden_size: 5 }

it('opens, encodes, is written and opened again with its own defaults', async () => {
  const model = await openModel(await bareFolder(config), { seed: 1, architectures })
  expect([model.network.pooling, model.prefixes.query, model.network.dimensions]).toEqual(['cls', 'a: ', 5])
  const folder = join(await temporary(), 'model')
  await saveModel(model, folder)
  const again = await openModel(folder, { architectures })
  expect(again.parameters).toEqual(model.parameters)
  const vectors = await Promise.all(
    [model, again].map(async (each) => {
      const encoder = await encoderOf(each)
      const found = await encoder.encode(['b c'], 'passage')
      await encoder.close()
      return found
    }),
  )
  expect(vectors[0]).toHaveLength(5)
  expect(vectors[0]).toEqual(vectors[1])
})

it('is refused by what its row does not know, and where nobody lists it', async () => {
  const folder = await bareFolder(config)
  await expect(openModel(folder, { seed: 1 })).rejects.toThrow(/"model_type" of bert, xlm-roberta, qwen3.*"bag"/)
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, hidden_act: 'relu' }))
  await expect(openModel(folder, { seed: 1, architectures })).rejects.toThrow(/"hidden_act" "identity".*"relu"/)
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, hidden_size: 0 }))
  await expect(openModel(folder, { seed: 1, architectures })).rejects.toThrow(/"hidden_size" an integer of at least 1/)
})

it('has a small model that its own row opens', () => {
  for (const { name, sample, open } of architectures) expect(open(sample, name).parameters.length).toBeGreaterThan(0)
})
