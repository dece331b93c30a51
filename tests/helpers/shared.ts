// The real data beside the repository, and tests that need it: they say so in their names, and are skipped without it.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'

const root = fileURLToPath(new URL('../../../shared', import.meta.url))

export type SharedFile =
  | 'data/hotpotqa/hotpot_dev_distractor_100.json'
  | 'data/infoseek/InfoSeek-Eval.tsv'
  | 'data/lrat/corpus.jsonl'
  | 'data/lrat/trajectories'
  | 'data/tokenizers/bert-base-uncased-vocab.txt'
  | 'reference/lrat/judgements.jsonl'
  | 'reference/lrat/pairs.jsonl'
  | 'reference/lrat/stats.json'
  | 'reference/torch/cases'

/** Path of a file or folder in ../shared, be it there or not. */
export const sharedPath = (name: SharedFile): string => `${root}/${name}`
export const hasShared = (...names: readonly SharedFile[]): boolean =>
  names.every((name) => existsSync(sharedPath(name)))

const titled = (title: string): string => `${title} [needs ../shared]`

/** A test that is skipped where one of the files is absent; the body is given their paths. */
export const sharedTest = (
  title: string,
  names: readonly SharedFile[],
  body: (...paths: string[]) => void | Promise<void>,
): void =>
  test.skipIf(!hasShared(...names))(titled(title), async () => {
    await body(...names.map(sharedPath))
  })

/** The same for a group of tests, whose body always runs. */
export const sharedSuite = (title: string, names: readonly SharedFile[], body: (...paths: string[]) => void): void => {
  describe.skipIf(!hasShared(...names))(titled(title), () => body(...names.map(sharedPath)))
}
