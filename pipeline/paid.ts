// Work that was paid for, in money or long waiting, is never done again unless the user names the stage.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import { counts, resumes, type Expected } from './expected.ts'
import { canonical } from './fingerprint.ts'
import { readManifest, readProgress, stageFolder, type Manifest, type ProgressMark } from './manifest.ts'
import { count } from './progress.ts'
import type { Stage } from './stage.ts'
import { reasons } from './status.ts'

const rowsIn = ({ tables }: Manifest): number =>
  Object.values(tables)
    .flat()
    .reduce((sum, { rows }) => sum + (rows ?? 0), 0)

/** Whether a result made with these parameters was paid for. */
export const isPaid = <C>(stage: Stage<C>, parameters: unknown): boolean => stage.paid?.(parameters) !== undefined

const halfDone = <C>(stage: Stage<C>, folder: string, mark: ProgressMark, expected: Expected): boolean =>
  // Marks of earlier versions do not say whether the work was paid; its journal tells that there is some.
  mark.paid ?? (existsSync(join(folder, 'journal.ndjson')) && isPaid(stage, expected.parameters))

/** What of paid work stands in the stage's folder and does not count for `expected`, and why; undefined if nothing. */
const atStake = <C>(run: string, stage: Stage<C>, expected: Expected): readonly [string, string] | undefined => {
  const folder = stageFolder(run, stage.name)
  const manifest = readManifest(folder)
  if (manifest) {
    if (!isPaid(stage, manifest.parameters) || counts(expected, manifest.fingerprint)) return undefined
    const same = canonical(stage.paid?.(manifest.parameters)) === canonical(stage.paid?.(expected.parameters))
    if (stage.takesOver === true && same) return undefined
    return [`${count(rowsIn(manifest))} rows that a model was asked for`, reasons(manifest, stage, expected)]
  }
  const mark = readProgress(folder)
  if (!mark)
    return existsSync(folder) && readdirSync(folder).length > 0 && isPaid(stage, expected.parameters)
      ? ['what a model was asked for', 'its manifest is gone']
      : undefined
  if (resumes(expected, mark.fingerprint) || !halfDone(stage, folder, mark, expected)) return undefined
  return [`${count(mark.done)} ${mark.unit} that a model was asked for`, 'begun with other parameters or inputs']
}

/** Errors: UserError where the stage holds paid work that its run would replace. */
export const keepPaid = <C>(run: string, stage: Stage<C>, expected: Expected): void => {
  const found = atStake(run, stage, expected)
  if (!found) return
  const [work, why] = found
  throw new UserError({
    where: `stage ${stage.name} in ${run}`,
    expected: 'to keep what was paid for',
    found: `${work}, no longer up to date${why === '' ? '' : ` (${why})`}`,
    fix: `Take the change back, or name another run, to keep them; or add --regenerate ${stage.name} to pay for new ones.`,
  })
}
