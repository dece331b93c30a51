// What an earlier version of this program left of training that was not complete: finished models are taken over.
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { development, timings, training } from '../../data/schemas.ts'
import { openJournal } from '../../pipeline/journal.ts'
import { partPath } from '../../pipeline/parts.ts'
import { nameOf, type ModelName } from './config.ts'
import { modelPaths, sharedPaths } from './paths.ts'
import { modelRecordSchema } from './records.ts'

/** Version 0.1 kept this beside the tables of texts, and `work/key.json` in the folder of a model. */
const DATASET = 'dataset.json'

/**
 * Puts the models that version 0.1 completed into the journal, and removes those it had begun: its checkpoints are not
 * gone on from. Texts that it tokenised stay. Does nothing where that version left nothing.
 */
export const adoptEarlier = async (folder: string, names: readonly ModelName[]): Promise<void> => {
  if (!existsSync(join(folder, DATASET))) return
  const journal = await openJournal<unknown>(sharedPaths(folder).journal)
  try {
    for (const [index, name] of names.entries()) {
      const own = join(folder, nameOf(name))
      const { summary, work } = modelPaths(own)
      if (existsSync(summary)) {
        await journal.append(nameOf(name), modelRecordSchema.parse(JSON.parse(readFileSync(summary, 'utf8'))))
        await rm(work, { recursive: true, force: true })
        continue
      }
      await rm(own, { recursive: true, force: true })
      for (const table of [training, timings, development]) await rm(partPath(folder, table, index), { force: true })
    }
  } finally {
    await journal.close()
  }
  await rm(join(folder, DATASET))
}
