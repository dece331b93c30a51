// Tool arguments as models write them: JSON, JSON5, or JSON with mistakes that can be repaired. Anything else is refused.
import JSON5 from 'json5'
import { jsonrepair } from 'jsonrepair'
import { isObject } from '../core/json.ts'

/** No tool of ours takes so much; repairing megabytes of runaway output would only cost time. */
const MAX_LENGTH = 100_000

const attempt = (read: () => unknown): unknown => {
  try {
    return read()
  } catch {
    return undefined
  }
}

const isUsable = (value: unknown): boolean => isObject(value) || (Array.isArray(value) && value.some(isObject))

/** The JSON object, or list of them, that begins the first brace or bracket of `text`, after repair if need be. */
export const parseLoosely = (text: string): unknown => {
  const whole = attempt((): unknown => JSON.parse(text))
  if (isUsable(whole)) return whole
  // The repair turns any prose into a string; only what begins like an object or list is worth it.
  const start = text.search(/[[{]/)
  if (start === -1 || text.length > MAX_LENGTH) return undefined
  const rest = text.slice(start).replace(/\s*```\s*$/, '')
  const readers = [() => JSON5.parse<unknown>(rest), (): unknown => JSON.parse(jsonrepair(rest))]
  for (const read of readers) {
    const value = attempt(read)
    if (isUsable(value)) return value
  }
  return undefined
}

/** The JSON object in `text`, after repair if need be; undefined if there is none. */
export const parseObject = (text: string): Record<string, unknown> | undefined => {
  const value = parseLoosely(text)
  if (isObject(value)) return value
  // `[{…}]` for `{…}`, or prose with brackets before the object.
  const start = text.indexOf('{')
  const inner = start > 0 ? parseLoosely(text.slice(start)) : undefined
  return isObject(inner) ? inner : undefined
}
