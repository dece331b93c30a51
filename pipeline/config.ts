// Reads a YAML configuration, applies --set, and validates it; every fault is named with its place and a way out.
import { isMap, isPair, isSeq, visit, type Document, type LineCounter } from 'yaml'
import type { z } from 'zod'
import { deepest, expectation, worst, type Issue, type Path } from './config-issues.ts'
import { renamedKeys, renameKeys } from './renamed.ts'
import { codeOf, messageOf, UserError } from '../core/errors.ts'
import { hint } from '../core/nearest.ts'
import { redactor, secretIn, shownValue } from '../core/secrets.ts'
import { MAX_DEPTH, readSmallFile, readYaml, tooLarge } from '../core/yaml.ts'

const dotted = (path: Path): string => path.map(String).join('.')

/** The line of the key at `path` in the YAML text, or of its nearest parent. */
const lineOf = (document: Document, counter: LineCounter, path: Path): number | undefined => {
  let found: number | undefined
  let wanted = [...path].map(String)
  while (found === undefined && wanted.length > 0) {
    const target = wanted.join('.')
    visit(document, {
      Pair: (_, pair, ancestors) => {
        const keys = [...ancestors.filter(isPair), pair].map((ancestor) =>
          String((ancestor.key as { value?: unknown } | null)?.value),
        )
        const range = (pair.key as { range?: [number, number, number] } | null)?.range
        if (keys.join('.') === target && range) found = counter.linePos(range[0]).line
      },
    })
    wanted = wanted.slice(0, -1)
  }
  return found
}

const read = (path: string): string => {
  let text: string | undefined
  try {
    text = readSmallFile(path)
  } catch (error) {
    throw new UserError({
      where: path,
      expected: 'a configuration file in YAML',
      found: codeOf(error) === 'ENOENT' ? 'no such file' : messageOf(error),
      fix: 'Give its path with -c; configs/ holds examples.',
    })
  }
  if (text === undefined) throw tooLarge(path)
  return text
}

/** `a.b=value`, the value in YAML: `--set train.epochs=3`. Returns the path of the key. */
const assign = (document: Document, assignment: string): readonly string[] => {
  const at = assignment.indexOf('=')
  if (at <= 0)
    throw new UserError({
      where: `--set ${redactor([])(assignment)}`,
      expected: 'key=value',
      found: 'no key before an equals sign',
      fix: 'Write it as --set train.epochs=3.',
    })
  const path = assignment.slice(0, at).split('.')
  const where = `--set ${redactor([])(assignment)}`
  if (path.length > MAX_DEPTH)
    throw new UserError({
      where: `--set ${redactor([])(assignment.slice(0, 80))}…`,
      expected: `a key of at most ${MAX_DEPTH} names`,
      found: `${path.length} names`,
      fix: 'configs/REFERENCE.md lists the keys.',
    })
  // A file that is no map of keys has none to set; that is what the error will be about.
  if (document.contents !== null && !isMap(document.contents)) return path
  const value: unknown = readYaml(assignment.slice(at + 1), { where, lines: false }).document.toJS()
  for (let depth = 1; depth < path.length; depth += 1) {
    const parent = document.getIn(path.slice(0, depth), true)
    if (parent === undefined || isMap(parent)) continue
    if (isSeq(parent) && isItem(path[depth], parent.items.length)) continue
    if (isSeq(parent))
      throw new UserError({
        where,
        expected: `the number of an item of ${path.slice(0, depth).join('.')}, from 0 to ${parent.items.length}`,
        found: `'${path[depth] ?? ''}'`,
        fix: 'Name an item by its number, or set the whole list.',
      })
    // A scalar in the way (`relevance: rules`) gives way to a mapping.
    document.deleteIn(path.slice(0, depth))
  }
  document.setIn(path, document.createNode(value))
  return path
}

/** Whether a key is the number of an item of a list, or the next one. */
const isItem = (key: string | undefined, length: number): boolean =>
  key !== undefined && /^(0|[1-9]\d*)$/.test(key) && Number(key) <= length

/** Whether what lies at `at` was given by an assignment to `path`: it, something in it, or an unknown key above it. */
const isGivenBy = (path: readonly string[], at: Path): boolean =>
  path.every((key, depth) => depth < at.length && key === String(at[depth]))

/** All keys that a schema knows, by dotted path of their parent. */
const keysOf = (schema: z.ZodType): string[] => {
  const def = schema.def as unknown as Record<string, unknown> & { type: string }
  switch (def.type) {
    case 'object':
      return Object.keys(def.shape as object)
    case 'default':
    case 'prefault':
    case 'optional':
    case 'nullable':
      return keysOf(def.innerType as z.ZodType)
    case 'union':
      return (def.options as z.ZodType[]).flatMap(keysOf)
    default:
      return []
  }
}

const schemaAt = (schema: z.ZodType, path: Path): z.ZodType | undefined => {
  const def = schema.def as unknown as Record<string, unknown> & { type: string }
  if (def.innerType) return schemaAt(def.innerType as z.ZodType, path)
  if (path.length === 0) return schema
  if (def.type === 'object') {
    const next = (def.shape as Record<string, z.ZodType>)[String(path[0])] as z.ZodType | undefined
    return next && schemaAt(next, path.slice(1))
  }
  if (def.type === 'union')
    for (const option of def.options as z.ZodType[]) {
      const found = schemaAt(option, path)
      if (found) return found
    }
  return undefined
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value)

const faultOf = (raw: Issue, schema: z.ZodType, value: unknown, where: (path: Path) => string): UserError => {
  const issue = deepest(raw)
  if (issue.keys && issue.keys.length > 0) {
    const key = issue.keys[0]
    const shown = key.length > 200 ? `${key.slice(0, 200)}…` : key
    const parent = schemaAt(schema, issue.path)
    const known = parent ? keysOf(parent) : []
    const here = known.length > 0 ? `The keys here: ${known.join(', ')}. ` : ''
    return new UserError({
      where: where([...issue.path, key]),
      expected: known.length > 0 ? 'a key that there is' : 'no such key',
      found: `'${shown}'`,
      fix: `${hint(key, known)}${here}configs/REFERENCE.md says what they take.`,
    })
  }
  const found = valueAt(value, issue.path)
  return new UserError({
    where: where(issue.path),
    expected: expectation(issue),
    found: found === undefined ? 'nothing' : shownValue(String(issue.path.at(-1) ?? ''), found),
    fix: 'configs/REFERENCE.md says what this key takes.',
  })
}

const onStderr = (line: string): void => void process.stderr.write(`note: ${line}\n`)

/**
 * The validated configuration in `path`, with `--set` assignments applied; `warn` hears of keys under an old name. Errors:
 * UserError with file, line and key.
 */
export const loadConfig = <S extends z.ZodType>(
  schema: S,
  path: string,
  assignments: readonly string[] = [],
  warn: (line: string) => void = onStderr,
): z.output<S> => {
  const { document, counter } = readYaml(read(path), { where: path, lines: true })
  const assigned = assignments.map((assignment) => assign(document, assignment))
  for (const { from, to } of renameKeys(document, renamedKeys(schema), path))
    warn(`${path}: '${from}' is called '${to}' now; it was read as such`)
  const value: unknown = document.toJS() ?? {}
  const where = (at: Path): string => {
    const given = assigned.find((key) => isGivenBy(key, at))
    // What an assignment brought stands in no line of the file; neither does a section that only it made.
    if (given) return `--set ${dotted(at)}`
    const line = lineOf(document, counter, at)
    const made = line === undefined && assigned.some((key) => isGivenBy(at.map(String), key))
    if (made && at.length > 0) return `--set ${dotted(at)}`
    return `${path}${line === undefined ? '' : `, line ${line}`}${at.length > 0 ? `, ${dotted(at)}` : ''}`
  }
  const secret = secretIn(value)
  if (secret)
    throw new UserError({
      where: where(secret),
      expected: 'no secret in a configuration, which is copied into the run',
      found: 'a text under this name (not shown)',
      fix: 'Export it in the environment and name the variable in api_key_env of the endpoint.',
    })
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues: readonly Issue[] = result.error.issues
  const version = issues.find(({ path: at }) => at.length === 1 && at[0] === 'version')
  if (version)
    throw new UserError({
      where: where(version.path),
      expected: `a config of version ${expectation(version)}`,
      found: `a config of another version, ${JSON.stringify(valueAt(value, version.path))}`,
      fix: 'Use the lrat it was written for, or bring it up to date by configs/REFERENCE.md and set its version.',
    })
  throw faultOf(worst(issues), schema, value, where)
}
