// Tool arguments as models write them: JSON that is nearly right is repaired, anything else is refused.
import { jsonrepair } from 'jsonrepair'

/** No tool of ours takes so much; repairing megabytes of runaway output would only cost time. */
const MAX_LENGTH = 100_000

const objectIn = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

const repaired = (text: string): Record<string, unknown> | undefined => {
  // The repair turns any prose into a string; only what begins like an object is worth it.
  const start = text.indexOf('{')
  if (start === -1 || text.length > MAX_LENGTH) return undefined
  try {
    return objectIn(jsonrepair(text.slice(start)))
  } catch {
    return undefined
  }
}

/** The JSON object in `text`, after repair if need be; undefined if there is none. */
export const parseObject = (text: string): Record<string, unknown> | undefined => objectIn(text) ?? repaired(text)
