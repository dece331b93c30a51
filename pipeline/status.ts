// How each stage stands, and why: what `lrat status` prints.
import { isObject } from '../core/json.ts'
import { existsSync } from 'node:fs'
import { counts, expect, plan, standing, type Expected } from './expected.ts'
import { canonical } from './fingerprint.ts'
import { readManifest, readProgress, stageFolder, type Manifest } from './manifest.ts'
import { keptAs } from './previous.ts'
import type { Stage } from './stage.ts'

export interface StageStatus {
  readonly stage: string
  readonly state: 'up to date' | 'stale' | 'partial' | 'missing'
  /** Why it is stale, or how far it is. */
  readonly detail: string
  readonly rows: number | null
  readonly bytes: number | null
  readonly seconds: number | null
}

/** Dotted paths of the leaves in which two values differ. */
export const differences = (before: unknown, after: unknown, path = ''): string[] => {
  if (canonical(before) === canonical(after)) return []
  if (!isObject(before) || !isObject(after)) return [path]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    differences(before[key], after[key], path === '' ? key : `${path}.${key}`),
  )
}

/** Why a result is not what is expected. */
export const reasons = (manifest: Manifest, stage: { readonly version: number }, expected: Expected): string => {
  const why: string[] = []
  if (manifest.stageVersion !== stage.version) why.push("the stage's code changed")
  const changed = differences(manifest.parameters, expected.parameters)
  if (changed.length > 0) why.push(`changed: ${changed.join(', ')}`)
  const inputs = Object.keys(expected.inputs).filter((name) => manifest.inputs[name] !== expected.inputs[name])
  if (inputs.length > 0) why.push(`depends on ${inputs.join(', ')}`)
  const known = new Set(manifest.outside.map((file) => file.sha256))
  const files = expected.outside.filter((file) => !known.has(file.sha256))
  if (files.length > 0) why.push(`other content in ${files.map((file) => file.path).join(', ')}`)
  return why.join('; ')
}

/** The standing of every stage that `to` needs, in order. Reads manifests only, and writes nothing. */
export const statusOf = <C>(run: string, config: C, stages: readonly Stage<C>[], to?: string): StageStatus[] => {
  const known = new Map<string, Expected>()
  return plan(stages, config, to ?? stages.at(-1)?.name ?? '').map((stage) => {
    const folder = stageFolder(run, stage.name)
    const expected = expect(stage, { stages, config, run, known, save: false })
    known.set(stage.name, standing(run, stage.name, expected))
    const manifest = existsSync(folder) ? readManifest(folder) : undefined
    const progress = readProgress(folder)
    const nothing = { stage: stage.name, rows: null, bytes: null, seconds: null }
    if (!counts(expected, manifest?.fingerprint) && counts(expected, keptAs(run, stage.name)))
      return { ...nothing, state: 'stale', detail: 'its result from before the last change is kept and comes back' }
    if (!manifest && progress && counts(expected, progress.fingerprint)) {
      const { done, total, unit } = progress
      return { ...nothing, state: 'partial', detail: `${done} of ${total ?? 'an unknown number of'} ${unit}` }
    }
    if (!manifest && progress) return { ...nothing, state: 'stale', detail: 'begun with other parameters or inputs' }
    if (!manifest) return { ...nothing, state: 'missing', detail: '' }
    const parts = [...Object.values(manifest.tables).flat(), ...manifest.files]
    const upToDate = counts(expected, manifest.fingerprint)
    return {
      stage: stage.name,
      state: upToDate ? 'up to date' : 'stale',
      detail: upToDate ? '' : reasons(manifest, stage, expected),
      rows: stage.writes.length > 0 ? parts.reduce((sum, part) => sum + (part.rows ?? 0), 0) : null,
      bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
      seconds: manifest.seconds,
    }
  })
}
