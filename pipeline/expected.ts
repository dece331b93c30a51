// What a stage's result has to be made of to be up to date: its recipe now, and those of earlier versions that still count.
import { join } from 'node:path'
import { digest, hashOutside, type OutsideFile } from './fingerprint.ts'
import { readManifest, stageFolder } from './manifest.ts'
import { byName, checkList, needsOf, viewOf } from './reads.ts'
import type { Earlier, Stage } from './stage.ts'

/** What an earlier result lacks to be a present one. */
export type Conversion = Pick<Earlier<never>, 'version' | 'convert'>

export interface Expected {
  readonly fingerprint: string
  readonly parameters: unknown
  readonly inputs: Readonly<Record<string, string>>
  readonly outside: readonly OutsideFile[]
  /** Other fingerprints of the same result, each with the earlier version that it was made by, if it was another. */
  readonly former: ReadonlyMap<string, Conversion | undefined>
}

/** The stages that `to` needs, itself included, in the order the data flows. Errors: UserError for a wrong list or name. */
export const plan = <C>(stages: readonly Stage<C>[], config: C, to: string): Stage<C>[] => {
  checkList(stages)
  const wanted = new Set<string>()
  const visit = (name: string): void => {
    if (wanted.has(name)) return
    wanted.add(name)
    needsOf(stages, byName(stages, name), config).forEach(visit)
  }
  visit(to)
  return stages.filter((stage) => wanted.has(stage.name))
}

/** Names of the stages that a stage rests on, directly or not. */
export const restsOn = <C>(stages: readonly Stage<C>[], config: C, name: string): string[] =>
  plan(stages, config, name).flatMap((stage) => (stage.name === name ? [] : [stage.name]))

/** All ways to choose one of the fingerprints of each input. */
const choices = (inputs: readonly (readonly [string, readonly string[]])[]): Readonly<Record<string, string>>[] =>
  inputs.reduce<Readonly<Record<string, string>>[]>(
    (chosen, [name, fingerprints]) =>
      chosen.flatMap((before) => fingerprints.map((fingerprint) => ({ ...before, [name]: fingerprint }))),
    [{}],
  )

interface ExpectOptions<C> {
  readonly stages: readonly Stage<C>[]
  readonly config: C
  readonly run: string
  /** What is expected of the stages before it. */
  readonly known: ReadonlyMap<string, Expected>
  /** Whether hashes of outside files are kept for the next time. */
  readonly save: boolean
}

/** What a stage's manifest has to say for the stage to be up to date. */
export const expect = <C>(stage: Stage<C>, { stages, config, run, known, save }: ExpectOptions<C>): Expected => {
  const view = viewOf(stages, stage, config)
  const parameters = stage.parameters(view)
  const outside = hashOutside(stage.outside?.(view) ?? [], join(run, 'inputs.json'), save)
  const needs = needsOf(stages, stage, config).map((name): readonly [string, readonly string[]] => {
    const input = known.get(name)
    if (!input) throw new Error(`stage ${stage.name} is asked for before ${name}, which it reads`)
    return [name, [input.fingerprint, ...input.former.keys()]]
  })
  const recipe = (version: number, told: unknown, inputs: Readonly<Record<string, string>>): string =>
    digest({ stage: stage.name, version, parameters: told, inputs, outside: outside.map((file) => file.sha256) })
  const [inputs = {}, ...others] = choices(needs)
  const fingerprint = recipe(stage.version, parameters, inputs)
  const former = new Map<string, Conversion | undefined>()
  for (const other of others) former.set(recipe(stage.version, parameters, other), undefined)
  for (const earlier of stage.earlier ?? []) {
    const told = earlier.parameters ? earlier.parameters(view, config) : parameters
    for (const one of [inputs, ...others]) former.set(recipe(earlier.version, told, one), earlier)
  }
  former.delete(fingerprint)
  return { fingerprint, parameters, inputs, outside, former }
}

/** Whether a result with this fingerprint is the expected one. */
export const counts = (expected: Expected, fingerprint: string | undefined): fingerprint is string =>
  fingerprint !== undefined && (fingerprint === expected.fingerprint || expected.former.has(fingerprint))

/** Whether work half done under this fingerprint can go on. */
export const resumes = (expected: Expected, fingerprint: string | undefined): boolean =>
  counts(expected, fingerprint) && expected.former.get(fingerprint)?.convert === undefined

/** The fingerprint of what stands in the folder comes first: what is made of it is recorded as made of that. */
export const standing = (run: string, stage: string, expected: Expected): Expected => {
  const fingerprint = readManifest(stageFolder(run, stage))?.fingerprint
  if (fingerprint === undefined || fingerprint === expected.fingerprint || !expected.former.has(fingerprint))
    return expected
  const former = new Map([[expected.fingerprint, undefined], ...expected.former])
  former.delete(fingerprint)
  return { ...expected, fingerprint, former }
}
