// Where a model's training keeps what.
import { join } from 'node:path'

export interface TrainPaths {
  /** All that is not kept once training is complete. */
  readonly work: string
  readonly key: string
  readonly data: string
  readonly ids: string
  readonly split: string
  readonly checkpoints: string
  readonly best: string
  readonly log: string
  readonly done: string
  readonly model: string
  readonly untrained: string
}

export const pathsIn = (folder: string): TrainPaths => {
  const work = join(folder, 'work')
  return {
    work,
    key: join(work, 'key.json'),
    data: join(work, 'data'),
    ids: join(work, 'ids.bin'),
    split: join(work, 'split.json'),
    checkpoints: join(work, 'checkpoints'),
    best: join(work, 'best.safetensors'),
    log: join(work, 'metrics.jsonl'),
    done: join(folder, 'train.json'),
    model: join(folder, 'model'),
    untrained: join(folder, 'untrained'),
  }
}
