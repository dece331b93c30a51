// Where a model that is named lies: a folder, or the local Hugging Face cache. Nothing is fetched.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'

type Env = Readonly<Record<string, string | undefined>>

/** ORG/NAME, or ORG/NAME@REVISION. */
const NAME = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w.-]+))?$/

/** Whether a text can be the name of a model in the cache. */
export const isHubName = (text: string): boolean => NAME.test(text)

/** The folder of the cache, as huggingface_hub finds it. */
export const hubCache = (env: Env = process.env): string => {
  const { HF_HUB_CACHE: hub, HUGGINGFACE_HUB_CACHE: former, HF_HOME: home, XDG_CACHE_HOME: caches } = env
  const named = [hub, former].find((path) => path !== undefined && path !== '')
  if (named !== undefined) return named
  if (home !== undefined && home !== '') return join(home, 'hub')
  return join(caches !== undefined && caches !== '' ? caches : join(homedir(), '.cache'), 'huggingface', 'hub')
}

const textOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined)

const foldersIn = (path: string): string[] => (existsSync(path) ? readdirSync(path) : [])

/** The snapshot of a revision; of `main` the only one there is, where the cache does not say which. */
const snapshotOf = (repository: string, revision: string): string | undefined => {
  const snapshots = join(repository, 'snapshots')
  const only = foldersIn(snapshots)
  const commit =
    textOf(join(repository, 'refs', revision)) ?? (revision === 'main' && only.length === 1 ? only[0] : revision)
  return commit !== undefined && only.includes(commit) ? join(snapshots, commit) : undefined
}

/**
 * The folder of a model: `model` itself where there is such a folder, else that of ORG/NAME (or ORG/NAME@REVISION) in the
 * local Hugging Face cache. Errors: UserError that says where it was looked for and how to fetch it.
 */
export const modelPath = (model: string, env: Env = process.env): string => {
  if (existsSync(model)) return model
  const [, name, revision] = NAME.exec(model) ?? []
  if (name === undefined)
    throw new UserError({
      where: model,
      expected: 'a model folder',
      found: 'no such folder',
      fix: 'Correct the path, or train a model first.',
    })
  const repository = join(hubCache(env), `models--${name.replace('/', '--')}`)
  const snapshot = snapshotOf(repository, revision ?? 'main')
  const fetch = `hf download ${name}${revision === undefined ? '' : ` --revision ${revision}`}`
  if (snapshot === undefined)
    throw new UserError({
      where: `model ${model}`,
      expected: 'a folder, or a model in the local Hugging Face cache',
      found: `neither the folder ${model} nor ${repository}${existsSync(repository) ? ' with that revision' : ''}`,
      fix: `Fetch it with: ${fetch}. (HF_HOME or HF_HUB_CACHE name another cache.) Or name the folder of a model.`,
    })
  if (!existsSync(join(snapshot, 'config.json')) && !existsSync(join(snapshot, 'modules.json')))
    throw new UserError({
      where: `model ${model}, ${snapshot}`,
      expected: 'a whole model in the local Hugging Face cache',
      found: 'neither config.json nor modules.json: it was fetched in part',
      fix: `Fetch the rest with: ${fetch}`,
    })
  return snapshot
}
