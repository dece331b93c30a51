// A stage's last complete result, kept aside while another is made: a change that fails or is taken back costs nothing.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readManifest, readProgress, stageFolder } from './manifest.ts'

/** The folder of a run for results that others are about to replace. */
export const PREVIOUS = 'previous'

/** Where the result is kept that the one in a stage's `folder` replaces. */
export const keptFolder = (folder: string): string => join(dirname(folder), PREVIOUS, basename(folder))

const keptIn = (run: string, stage: string): string => join(run, PREVIOUS, stage)

/** Empties a stage's folder: a complete result is kept aside, work half done is removed. */
export const setAside = (run: string, stage: string): void => {
  const folder = stageFolder(run, stage)
  if (existsSync(folder) && readManifest(folder) !== undefined) {
    const kept = keptIn(run, stage)
    rmSync(kept, { recursive: true, force: true })
    mkdirSync(dirname(kept), { recursive: true })
    renameSync(folder, kept)
  }
  rmSync(folder, { recursive: true, force: true })
}

/** The fingerprint of the result kept aside; undefined without one, or where another with it was begun since. */
export const keptAs = (run: string, stage: string): string | undefined => {
  const fingerprint = readManifest(keptIn(run, stage))?.fingerprint
  return fingerprint !== undefined && readProgress(stageFolder(run, stage))?.fingerprint === fingerprint
    ? undefined
    : fingerprint
}

/** Puts the result kept aside in the place of work half done. */
export const restore = (run: string, stage: string): void => {
  const folder = stageFolder(run, stage)
  rmSync(folder, { recursive: true, force: true })
  renameSync(keptIn(run, stage), folder)
  tidy(run)
}

/** Drops the result kept aside. */
export const forget = (run: string, stage: string): void => {
  rmSync(keptIn(run, stage), { recursive: true, force: true })
  tidy(run)
}

const tidy = (run: string): void => {
  const folder = join(run, PREVIOUS)
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder)
}
