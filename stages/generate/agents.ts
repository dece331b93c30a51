// The agents that there are: the built-in one without a model, presets of LLM agents, and YAML files that describe one.
import { existsSync } from 'node:fs'
import { react, responses, tools } from '../../agents/presets/own.ts'
import { withOverrides, type Overrides } from '../../agents/policy-settings.ts'
import { agentSpecSchema, type AgentSpec } from '../../agents/spec.ts'
import { UserError } from '../../core/errors.ts'
import { readSmallFile, readYaml, tooLarge } from '../../core/yaml.ts'
import { isObject, type Json } from '../../core/json.ts'

/** LLM agents by name: one row an agent. */
export const PRESETS = { tools, react, responses } satisfies Readonly<Record<string, AgentSpec>>

const presetOf = (name: string): AgentSpec | undefined =>
  Object.entries(PRESETS).find(([preset]) => preset === name)?.[1]

/** The built-in rule-based searcher, which needs no model. */
export const OFFLINE = 'offline'

const isFile = (name: string): boolean => /\.ya?ml$/i.test(name)

/** The name of an agent as trajectories have it: a file's without folder and ending. */
export const agentName = (name: string): string =>
  isFile(name) ? name.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/i, '') : name

const unknown = (name: string): UserError =>
  new UserError({
    where: 'generate.agent',
    expected: `${[OFFLINE, ...Object.keys(PRESETS)].join(', ')}, or the path of a YAML file (.yaml) that describes an agent`,
    found: `'${name}'`,
    fix: 'Choose one of these.',
  })

/** `over` laid over `base`, key by key through objects; lists and texts are replaced whole. */
const merged = (base: Json, over: Json): Json => {
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries(
    [...keys].map((key) => {
      const [below, above] = [base[key], over[key]]
      if (above === undefined) return [key, below]
      return [key, isObject(below) && isObject(above) ? merged(below, above) : above]
    }),
  )
}

const readFile = (path: string): AgentSpec => {
  const where = `generate.agent: ${path}`
  if (!existsSync(path))
    throw new UserError({
      where,
      expected: 'a YAML file that describes an agent',
      found: 'no such file',
      fix: `Correct the path, or name a preset: ${Object.keys(PRESETS).join(', ')}.`,
    })
  const text = readSmallFile(path)
  if (text === undefined) throw tooLarge(where)
  const written: unknown = readYaml(text, { where, lines: true }).document.toJS()
  const { extends: base, ...own } = isObject(written) ? written : {}
  const preset = base === undefined ? {} : typeof base === 'string' ? presetOf(base) : undefined
  if (preset === undefined)
    throw new UserError({
      where: `${where}, key extends`,
      expected: Object.keys(PRESETS).join(', '),
      found: JSON.stringify(base),
      fix: 'Name one of the presets.',
    })
  const found = agentSpecSchema.safeParse(merged(preset, own))
  if (found.success) return found.data
  const [issue] = found.error.issues
  throw new UserError({
    where: `${where}, key ${issue?.path.join('.') ?? ''}`,
    expected: 'what describes an agent (docs/generate.md lists the keys)',
    found: issue?.message ?? 'something else',
    fix: 'Correct that key; `extends: tools` fills in all the others.',
  })
}

/** The description of the agent that the configuration names; undefined for the built-in one. Errors: UserError. */
export const agentSpec = ({ agent, ...overrides }: Overrides & { readonly agent: string }): AgentSpec | undefined => {
  if (agent === OFFLINE) return undefined
  const spec = isFile(agent) ? readFile(agent) : presetOf(agent)
  if (!spec) throw unknown(agent)
  return withOverrides(spec, overrides)
}
