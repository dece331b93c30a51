// Runs stages as make runs targets: what is up to date is skipped, what was begun is resumed, what changed is redone.
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { diskError, removeTemporaries } from '../core/files.ts'
import { Interrupted, UserError } from '../core/errors.ts'
import { checkAligned, createContext } from './context.ts'
import { counts, expect, plan, restsOn, resumes, standing, type Conversion, type Expected } from './expected.ts'
import {
  PROGRESS,
  readManifest,
  readProgress,
  recordOutputs,
  SCRATCH,
  stageFolder,
  trustOutputs,
  verifyOutputs,
  writeManifest,
  type Manifest,
} from './manifest.ts'
import { isPaid, keepPaid } from './paid.ts'
import { listParts } from './parts.ts'
import { forget, keptAs, restore, setAside } from './previous.ts'
import { bytes, count, duration, type Progress } from './progress.ts'
import { byName, needsOf } from './reads.ts'
import type { Outcome, Stage, StageContext } from './stage.ts'
import { versions } from '../core/versions.ts'

export interface RunOptions<C> {
  readonly run: string
  readonly config: C
  readonly stages: readonly Stage<C>[]
  readonly progress: Progress
  readonly signal: AbortSignal
  /** The last stage wanted; default is the last of `stages`. */
  readonly to?: string | undefined
  /** A stage to redo although it may be up to date; what depends on it follows. */
  readonly from?: string | undefined
  /** Stages whose paid work may be replaced. */
  readonly regenerate?: readonly string[] | undefined
}

/** Prepares the folder: what belongs to the fingerprint stays, a complete result of another is kept aside. */
const prepare = (run: string, stage: string, expected: Expected): boolean => {
  const folder = stageFolder(run, stage)
  const goesOn = resumes(expected, readProgress(folder)?.fingerprint)
  if (!goesOn) setAside(run, stage)
  rmSync(join(folder, SCRATCH), { recursive: true, force: true })
  removeTemporaries(folder)
  mkdirSync(folder, { recursive: true })
  return goesOn
}

const totalOf = (manifest: Manifest): { rows: number; size: number } => {
  const parts = [...Object.values(manifest.tables).flat(), ...manifest.files]
  return {
    rows: parts.reduce((sum, part) => sum + (part.rows ?? 0), 0),
    size: parts.reduce((sum, part) => sum + part.bytes, 0),
  }
}

/** Runs the stage with the temporary folder of the process set to its scratch folder, which goes afterwards. */
const inScratch = async <C>(stage: Stage<C>, context: StageContext<C>): Promise<Outcome> => {
  // Libraries spill what they read into the temporary folder; a killed process would leave it there.
  const temporaries = process.env['TMPDIR']
  process.env['TMPDIR'] = resolve(context.scratch)
  try {
    return await stage.run(context)
  } catch (error) {
    throw context.signal.aborted ? new Interrupted() : error
  } finally {
    if (temporaries === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporaries
    rmSync(context.scratch, { recursive: true, force: true })
  }
}

/** What the stage promised of its tables holds. */
const checkWritten = async <C>(stage: Stage<C>, context: StageContext<C>): Promise<void> => {
  for (const table of stage.writes) {
    const base = stage.aligned?.[table.name]
    if (base === undefined) continue
    await checkAligned(join(context.folder, table.name), context.parts(base), listParts(context.folder, table))
  }
}

const runStage = async <C>(options: RunOptions<C>, stage: Stage<C>, expected: Expected): Promise<void> => {
  const { stages, run, config, progress, signal } = options
  const folder = stageFolder(run, stage.name)
  for (const name of needsOf(stages, stage, config)) {
    const manifest = readManifest(stageFolder(run, name))
    if (manifest) verifyOutputs(stageFolder(run, name), manifest)
  }
  const resumed = prepare(run, stage.name, expected)
  progress.start(stage.name, resumed ? (readProgress(folder)?.done ?? 0) : 0)
  progress.say(`${stage.name.padEnd(9)} ${resumed ? 'resumes' : 'starts'}`)
  const began = performance.now()
  const before = restsOn(stages, config, stage.name)
  const { fingerprint } = expected
  const context = createContext({ stages, stage, config, run, fingerprint, restsOn: before, progress, signal })
  if (!resumed) context.mark(0, null, 'items')
  const outcome = await inScratch(stage, context)
  context.check()
  await checkWritten(stage, context)
  const outputs = await recordOutputs(folder, stage.writes)
  const seconds = (performance.now() - began) / 1000
  const manifest: Manifest = {
    stage: stage.name,
    fingerprint,
    stageVersion: stage.version,
    parameters: expected.parameters,
    inputs: expected.inputs,
    outside: expected.outside,
    versions: { ...versions(), ...outcome.versions },
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
  const wrote = stage.writes.length > 0 ? `${count(rows)} rows` : `${count(manifest.files.length)} files`
  progress.finish(`${stage.name.padEnd(9)} ${wrote}, ${bytes(size)}, ${duration(seconds)}`)
  for (const warning of manifest.warnings) progress.say(`          note: ${warning}`)
}

/** Makes of what an earlier version wrote what this one writes, and says so in the manifest. */
const convert = async <C>(
  { run, progress }: RunOptions<C>,
  { stage, earlier, expected }: { stage: Stage<C>; earlier: Conversion; expected: Expected },
): Promise<void> => {
  const folder = stageFolder(run, stage.name)
  const manifest = readManifest(folder)
  if (!manifest || !earlier.convert) return
  verifyOutputs(folder, manifest)
  await earlier.convert(folder, manifest)
  const outputs = await recordOutputs(folder, stage.writes)
  const { fingerprint, parameters, inputs } = expected
  writeManifest(folder, { ...manifest, ...outputs, fingerprint, parameters, inputs, stageVersion: stage.version })
  progress.say(`${stage.name.padEnd(9)} up to date: what version ${earlier.version} wrote was converted`)
}

/** Takes what stands in the stage's folder, or was kept aside; false where the stage has to run. */
const taken = async <C>(options: RunOptions<C>, stage: Stage<C>, expected: Expected): Promise<boolean> => {
  const { run, progress } = options
  const folder = stageFolder(run, stage.name)
  const found = readManifest(folder)?.fingerprint
  if (counts(expected, found)) {
    // A process that was killed right after it wrote the manifest leaves this behind.
    rmSync(join(folder, PROGRESS), { force: true })
    forget(run, stage.name)
    const earlier = expected.former.get(found)
    if (earlier?.convert) await convert(options, { stage, earlier, expected })
    else progress.say(`${stage.name.padEnd(9)} up to date`)
    return true
  }
  const kept = keptAs(run, stage.name)
  if (!counts(expected, kept)) return false
  restore(run, stage.name)
  const earlier = expected.former.get(kept)
  if (earlier?.convert) await convert(options, { stage, earlier, expected })
  else progress.say(`${stage.name.padEnd(9)} up to date again: the result from before the last change`)
  return true
}

/** Removes what `--from` asks to be redone. Errors: UserError before anything is removed where paid work would go. */
const redo = <C>(options: RunOptions<C>, wanted: readonly Stage<C>[], from: string): void => {
  const { stages, run, config, regenerate = [] } = options
  const redone = new Set([from])
  for (const stage of wanted)
    if (needsOf(stages, stage, config).some((name) => redone.has(name))) redone.add(stage.name)
  const removed = wanted.filter((stage) => redone.has(stage.name))
  for (const stage of removed) {
    const manifest = readManifest(stageFolder(run, stage.name))
    if (!manifest || !isPaid(stage, manifest.parameters)) continue
    if (stage.name === from || regenerate.includes(stage.name)) continue
    throw new UserError({
      where: `--from ${from}`,
      expected: 'to keep what was paid for',
      found: `stage ${stage.name}, which depends on it and holds answers of a model`,
      fix: `Start --from a later stage, or add --regenerate ${stage.name} to pay for them again.`,
    })
  }
  for (const { name } of removed) {
    rmSync(stageFolder(run, name), { recursive: true, force: true })
    forget(run, name)
  }
}

/**
 * Brings the wanted stages up to date. Errors: UserError for bad input, for a wrong list of stages, and before paid work
 * would be done again; Interrupted when the signal fires. Either way everything finished is kept and the next call goes
 * on from there.
 */
export const runStages = async <C>(options: RunOptions<C>): Promise<void> => {
  const { run, config, stages, signal, from, regenerate = [] } = options
  const wanted = plan(stages, config, options.to ?? stages.at(-1)?.name ?? '')
  for (const name of regenerate) byName(stages, name)
  if (from !== undefined) {
    if (!wanted.includes(byName(stages, from)))
      throw new UserError({
        where: `--from ${from}`,
        expected: `one of the stages to run: ${wanted.map((stage) => stage.name).join(', ')}`,
        found: from,
        fix: 'Choose one of these, or leave --from away.',
      })
    redo(options, wanted, from)
  }
  const known = new Map<string, Expected>()
  for (const stage of wanted) {
    if (signal.aborted) throw new Interrupted()
    const folder = stageFolder(run, stage.name)
    const expected = expect(stage, { stages, config, run, known, save: true })
    if (!(await taken(options, stage, expected))) {
      if (!regenerate.includes(stage.name)) keepPaid(run, stage, expected)
      await runStage(options, stage, expected).catch((error: unknown) => {
        throw diskError(error, folder)
      })
    }
    known.set(stage.name, standing(run, stage.name, expected))
  }
}
