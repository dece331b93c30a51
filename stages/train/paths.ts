// Where training keeps what, below the folder of the stage.
import { join } from 'node:path'

/** Of all models. */
export interface SharedPaths {
  /** What is done so far, while there is more to do. */
  readonly journal: string
  /** All that is not kept once training is complete. */
  readonly work: string
  readonly ids: string
  readonly tokenizer: string
}

export const sharedPaths = (folder: string): SharedPaths => {
  const work = join(folder, 'work')
  return {
    journal: join(folder, 'journal.ndjson'),
    work,
    ids: join(work, 'ids.bin'),
    tokenizer: join(folder, 'tokenizer.json'),
  }
}

/** Of one model. */
export interface ModelPaths {
  /** All that is not kept once the model is complete. */
  readonly work: string
  readonly checkpoints: string
  readonly best: string
  readonly log: string
  /** How its training went. */
  readonly summary: string
  readonly model: string
  readonly untrained: string
}

export const modelPaths = (folder: string): ModelPaths => {
  const work = join(folder, 'work')
  return {
    work,
    checkpoints: join(work, 'checkpoints'),
    best: join(work, 'best.safetensors'),
    log: join(work, 'metrics.jsonl'),
    summary: join(folder, 'train.json'),
    model: join(folder, 'model'),
    untrained: join(folder, 'untrained'),
  }
}
