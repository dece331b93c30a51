// Runs stages as make runs targets: what is up to date is skipped, what was begun is resumed, what changed is redone.
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { diskError, removeTemporaries } from '../core/files.ts'
import { digest, hashOutside, type OutsideFile } from './fingerprint.ts'
import { Interrupted, UserError } from '../core/errors.ts'
import {
  PROGRESS,
  readManifest,
  readProgress,
  recordOutputs,
  SCRATCH,
  trustOutputs,
  verifyOutputs,
  writeManifest,
  type Manifest,
} from './manifest.ts'
import { forget, isKept, restore, setAside } from './previous.ts'
import { bytes, count, duration, type Progress } from './progress.ts'
import { createContext, stageFolder, type Stage } from './stage.ts'
import { versions } from '../core/versions.ts'

export interface RunOptions<C> {
  readonly run: string
  readonly config: C
  readonly stages: readonly Stage<C>[]
  readonly progress: Progress
  readonly signal: AbortSignal
  /** The last stage wanted; default is the last of `stages`. */
  readonly to?: string
  /** A stage to redo although it may be up to date; what depends on it follows. */
  readonly from?: string
}

const byName = <C>(stages: readonly Stage<C>[], name: string): Stage<C> => {
  const stage = stages.find((candidate) => candidate.name === name)
  if (stage) return stage
  throw new UserError({
    where: `stage ${name}`,
    expected: `one of ${stages.map((candidate) => candidate.name).join(', ')}`,
    found: `'${name}'`,
    fix: 'Correct the name.',
  })
}

/** The stages that `to` needs, itself included, in the order the data flows. */
export const plan = <C>(stages: readonly Stage<C>[], config: C, to: string): Stage<C>[] => {
  const wanted = new Set<string>()
  const visit = (name: string): void => {
    if (wanted.has(name)) return
    wanted.add(name)
    byName(stages, name).needs(config).forEach(visit)
  }
  visit(to)
  return stages.filter((stage) => wanted.has(stage.name))
}

export interface Expected {
  readonly fingerprint: string
  readonly parameters: unknown
  readonly inputs: Readonly<Record<string, string>>
  readonly outside: readonly OutsideFile[]
}

/** What a stage's manifest has to say for the stage to be up to date, given the fingerprints of the stages before it. */
export const expect = <C>(
  stage: Stage<C>,
  config: C,
  run: string,
  fingerprints: ReadonlyMap<string, string>,
  save = true,
): Expected => {
  const parameters = stage.parameters(config)
  const inputs = Object.fromEntries(stage.needs(config).map((name) => [name, fingerprints.get(name) ?? '']))
  const outside = hashOutside(stage.outside(config), join(run, 'inputs.json'), save)
  const fingerprint = digest({
    stage: stage.name,
    version: stage.version,
    parameters,
    inputs,
    outside: outside.map((file) => file.sha256),
  })
  return { fingerprint, parameters, inputs, outside }
}

/** Prepares the folder: what belongs to the fingerprint stays, a complete result of another is kept aside. */
const prepare = (run: string, stage: string, fingerprint: string): boolean => {
  const folder = stageFolder(run, stage)
  const resumes = readProgress(folder)?.fingerprint === fingerprint
  if (!resumes) setAside(run, stage)
  rmSync(join(folder, SCRATCH), { recursive: true, force: true })
  removeTemporaries(folder)
  mkdirSync(folder, { recursive: true })
  return resumes
}

const totalOf = (manifest: Manifest): { rows: number; size: number } => {
  const parts = [...Object.values(manifest.tables).flat(), ...manifest.files]
  return {
    rows: parts.reduce((sum, part) => sum + (part.rows ?? 0), 0),
    size: parts.reduce((sum, part) => sum + part.bytes, 0),
  }
}

const runStage = async <C>(options: RunOptions<C>, stage: Stage<C>, expected: Expected): Promise<void> => {
  const { run, config, progress, signal } = options
  const folder = stageFolder(run, stage.name)
  for (const name of stage.needs(config)) {
    const manifest = readManifest(stageFolder(run, name))
    if (manifest) verifyOutputs(stageFolder(run, name), manifest)
  }
  const resumed = prepare(run, stage.name, expected.fingerprint)
  progress.start(stage.name, resumed ? (readProgress(folder)?.done ?? 0) : 0)
  progress.say(`${stage.name.padEnd(9)} ${resumed ? 'resumes' : 'starts'}`)
  const began = performance.now()
  const context = createContext({ stage, config, run, fingerprint: expected.fingerprint, progress, signal })
  if (!resumed) context.mark(0, null, 'items')
  // Libraries spill what they read into the temporary folder; a killed process would leave it there.
  const temporaries = process.env['TMPDIR']
  process.env['TMPDIR'] = resolve(context.scratch)
  const outcome = await stage
    .run(context)
    .catch((error: unknown) => {
      throw signal.aborted ? new Interrupted() : error
    })
    .finally(() => {
      if (temporaries === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = temporaries
      rmSync(join(folder, SCRATCH), { recursive: true, force: true })
    })
  context.check()
  const outputs = await recordOutputs(folder, stage.tables)
  const seconds = (performance.now() - began) / 1000
  const manifest: Manifest = {
    stage: stage.name,
    fingerprint: expected.fingerprint,
    stageVersion: stage.version,
    parameters: expected.parameters,
    inputs: expected.inputs,
    outside: expected.outside,
    versions: versions(),
    ...outputs,
    counts: outcome.counts,
    warnings: outcome.warnings ?? [],
    seconds,
  }
  writeManifest(folder, manifest)
  trustOutputs(folder, manifest)
  rmSync(join(folder, PROGRESS), { force: true })
  forget(run, stage.name)
  const { rows, size } = totalOf(manifest)
  const wrote = stage.tables.length > 0 ? `${count(rows)} rows` : `${count(manifest.files.length)} files`
  progress.finish(`${stage.name.padEnd(9)} ${wrote}, ${bytes(size)}, ${duration(seconds)}`)
  for (const warning of manifest.warnings) progress.say(`          note: ${warning}`)
}

/**
 * Brings the wanted stages up to date. Errors: UserError for bad input, Interrupted when the signal fires; either way
 * everything finished is kept and the next call goes on from there.
 */
export const runStages = async <C>(options: RunOptions<C>): Promise<void> => {
  const { run, config, stages, progress, signal, from } = options
  const wanted = plan(stages, config, options.to ?? stages[stages.length - 1].name)
  if (from !== undefined && !wanted.includes(byName(stages, from)))
    throw new UserError({
      where: `--from ${from}`,
      expected: `one of the stages to run: ${wanted.map((stage) => stage.name).join(', ')}`,
      found: from,
      fix: 'Choose one of these, or leave --from away.',
    })
  const redone = new Set<string>()
  for (const stage of wanted)
    if (stage.name === from || stage.needs(config).some((name) => redone.has(name))) {
      redone.add(stage.name)
      rmSync(stageFolder(run, stage.name), { recursive: true, force: true })
      forget(run, stage.name)
    }
  const fingerprints = new Map<string, string>()
  for (const stage of wanted) {
    if (signal.aborted) throw new Interrupted()
    const folder = stageFolder(run, stage.name)
    const expected = expect(stage, config, run, fingerprints)
    fingerprints.set(stage.name, expected.fingerprint)
    if (readManifest(folder)?.fingerprint === expected.fingerprint) {
      // A process that was killed right after it wrote the manifest leaves this behind.
      rmSync(join(folder, PROGRESS), { force: true })
      forget(run, stage.name)
      progress.say(`${stage.name.padEnd(9)} up to date`)
      continue
    }
    if (isKept(run, stage.name, expected.fingerprint)) {
      restore(run, stage.name)
      progress.say(`${stage.name.padEnd(9)} up to date again: the result from before the last change`)
      continue
    }
    await runStage(options, stage, expected).catch((error: unknown) => {
      throw diskError(error, folder)
    })
  }
}
