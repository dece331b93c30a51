// Reads what judges write: named fields in lines, lists, bold, back-ticks or JSON, and a yes or no at the start of one.
import { parseObject } from '../arguments.ts'

/** List markers, quotes, headings and emphasis around a field's name or value. */
const BEFORE = String.raw`(?:[\s>#•]|[-*+_\x60"']|\d+[.)])*`
const AFTER = String.raw`[*_\x60"'\s]*`

const bare = (value: string): string => value.replaceAll(/^[\s*_`"']+|[\s*_`"',]+$/g, '')

const inLines = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^${BEFORE}${name}${AFTER}[:=：]${AFTER}(.*)$`, 'gimu'))].map(([, value = '']) =>
    bare(value),
  )

const inObject = (text: string, name: string): string[] => {
  if (!text.includes('{')) return []
  const entry = Object.entries(parseObject(text) ?? {}).find(([key]) => key.trim().toLowerCase() === name)
  if (!entry) return []
  const [, value] = entry
  return typeof value === 'boolean' ? [value ? 'yes' : 'no'] : typeof value === 'string' ? [bare(value)] : []
}

/** All values that the text gives a field, in order; a truth value in JSON reads as yes or no. */
export const fieldValues = (text: string, name: string): readonly string[] => {
  const written = inObject(text, name)
  return written.length > 0 ? written : inLines(text, name)
}

const ENDS = String.raw`(?=$|\s*[.,;:!()[\]—–*_\x60-]|\s+(?:because|since|as)\b)(?!\W*(?:or|and)?\W*(?:yes|no|true|false)\b)`
const TRUE = new RegExp(`^(?:yes|true)${ENDS}`, 'i')
const FALSE = new RegExp(`^(?:no|false)${ENDS}`, 'i')

const yesOrNo = (value: string): boolean | undefined =>
  TRUE.test(value) ? true : FALSE.test(value) ? false : undefined

/** The yes or no of a field; undefined when it has none, or values that do not agree. */
export const decisionIn = (text: string, name: string): boolean | undefined => {
  const [first, ...others] = fieldValues(text, name).map(yesOrNo)
  return others.every((other) => other === first) ? first : undefined
}
