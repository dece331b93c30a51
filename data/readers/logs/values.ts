// Takes what logs hold out of JSON: texts in parts, JSON inside of strings, fields of several usual names.
import { isObject, type Json } from '../../../core/json.ts'

/** Text inside of a text is looked for so many times: logs encode JSON twice, not without end. */
const LAYERS = 3

/** The value that a text holds as JSON, to a few layers; any other value as it is. */
export const decoded = (value: unknown): unknown => {
  let inner = value
  for (let layer = 0; layer < LAYERS && typeof inner === 'string' && /^\s*["[{]/.test(inner); layer += 1)
    try {
      inner = JSON.parse(inner)
    } catch {
      break
    }
  return inner
}

/** A text that was encoded as a JSON string once or more; any other value as it is. */
export const unquoted = (value: unknown): unknown => {
  let inner = value
  for (let layer = 0; layer < LAYERS && typeof inner === 'string' && /^\s*"/.test(inner); layer += 1)
    try {
      inner = JSON.parse(inner)
    } catch {
      break
    }
  return inner
}

/** The text of a message's content: a text, or a list of parts of which those with a text count. */
export const contentText = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (content === undefined || content === null) return ''
  if (Array.isArray(content))
    return content
      .map((part: unknown) => (isObject(part) ? contentText(part['text'] ?? part['content'] ?? '') : contentText(part)))
      .filter((text) => text !== '')
      .join('\n')
  if (isObject(content)) {
    const text = content['text'] ?? content['content']
    return typeof text === 'string' ? text : JSON.stringify(content)
  }
  return JSON.stringify(content)
}

/** Text as it is, anything else as JSON, nothing as "". */
export const plainText = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)

/** A thought in <think> tags at the head of a text, and what follows; an opening tag alone is all thought. */
export const splitThought = (text: string): { readonly thought: string; readonly rest: string } => {
  const trimmed = text.trimStart()
  const open = trimmed.startsWith('<think>')
  const end = trimmed.indexOf('</think>')
  if (end === -1) return open ? { thought: trimmed.slice(7).trim(), rest: '' } : { thought: '', rest: text.trim() }
  return { thought: trimmed.slice(open ? 7 : 0, end).trim(), rest: trimmed.slice(end + 8).trim() }
}

/** The value as an id: a text that is not empty, or a number. */
export const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

/** The first of these fields that holds an id. */
export const idIn = (record: Json, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const id = idOf(record[name])
    if (id !== undefined) return id
  }
  return undefined
}

/** The first of these fields that holds a text. */
export const textIn = (record: Json, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const value = record[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

export const objectIn = (record: Json, name: string): Json => {
  const value = decoded(record[name])
  return isObject(value) ? value : {}
}

/** Texts of a field that holds one or a list of them. */
const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((item: unknown) =>
    typeof item === 'string' && item !== '' ? [item] : typeof item === 'number' ? [String(item)] : [],
  )

const GOLD = [
  'gold_answers',
  'gold_answer',
  'gold',
  'golds',
  'gts',
  'ground_truth',
  'ground_truths',
  'expected_output',
  'expected',
  'reference_answer',
  'target',
  'targets',
  'correct_answer',
]

/** Gold answers under one of their usual names, in the record or its metadata. */
export const goldsOf = (record: Json, ...more: readonly string[]): string[] => {
  for (const place of [record, objectIn(record, 'metadata'), objectIn(record, 'reward_model')])
    for (const name of [...more, ...GOLD]) {
      const value = decoded(place[name])
      const texts = textsOf(isObject(value) ? (value['target'] ?? value['answer']) : value)
      if (texts.length > 0) return texts
    }
  return []
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : typeof value === 'boolean' ? Number(value) : undefined

const SCORES = ['score', 'reward', 'correct', 'is_correct', 'correctness', 'rating', 'success']

/** Scores under their usual names, and those of a field `scores`: an object by name, or a list of `{name, value}`. */
export const scoresOf = (record: Json): Map<string, number> => {
  const found = new Map<string, number>()
  for (const place of [record, objectIn(record, 'metadata')]) {
    for (const name of SCORES) {
      const value = numberOf(place[name])
      if (value !== undefined && !found.has(name)) found.set(name, value)
    }
    const scores = decoded(place['scores'])
    const entries: readonly (readonly [string, unknown])[] = Array.isArray(scores)
      ? scores.flatMap((score: unknown) =>
          isObject(score) && typeof score['name'] === 'string' ? [[score['name'], score['value']] as const] : [],
        )
      : isObject(scores)
        ? Object.entries(scores)
        : []
    for (const [name, value] of entries) {
      const number = numberOf(value)
      if (number !== undefined) found.set(name, number)
    }
  }
  return found
}
