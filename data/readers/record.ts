// Takes typed values out of JSON records whose keys have more than one usual name.
import { UserError } from '../../core/errors.ts'
import { isObject, type Json } from '../../core/json.ts'
import { excerpt } from './errors.ts'

const show = (value: unknown): string => (value === undefined ? 'nothing' : excerpt(JSON.stringify(value)))

/** The error for a record that lacks one of these keys or has another type of value there. */
export const badField = (
  where: string,
  keys: readonly string[],
  type: string,
  found: unknown,
  written?: string,
): UserError =>
  new UserError({
    where,
    expected: `${type} under ${keys.map((key) => `"${key}"`).join(' or ')}`,
    found:
      written !== undefined
        ? excerpt(written)
        : isObject(found)
          ? `keys ${Object.keys(found).slice(0, 20).join(', ') || '(none)'}`
          : show(found),
    fix: 'Correct that record, or name the format that the file has.',
  })

/** The value as an object. Throws UserError otherwise. */
export const objectAt = (value: unknown, where: string): Json => {
  if (isObject(value)) return value
  throw new UserError({
    where,
    expected: 'a JSON object',
    found: show(value),
    fix: 'Correct that record, or name the format that the file has.',
  })
}

/** The first of these keys' value that is there (not undefined, not null). */
export const firstOf = (record: Json, keys: readonly string[]): unknown =>
  record[keys.find((key) => record[key] !== undefined && record[key] !== null) ?? '']

/** Whether a number means one id and no other: an integer that a double holds and whose neighbours it holds too. */
export const isIdNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 53

/** An id under one of the keys; integers become text. Throws UserError where there is none or it is empty. */
export const idAt = (record: Json, keys: readonly string[], where: string): string => {
  const value = firstOf(record, keys)
  if (isIdNumber(value)) return String(value)
  if (typeof value === 'string' && value !== '') return value
  throw badField(where, keys, 'a non-empty text or an integer', value === undefined ? record : value)
}

/** A text under one of the keys. Throws UserError where there is none, unless a fallback is given. */
export const textAt = (record: Json, keys: readonly string[], where: string, fallback?: string): string => {
  const value = firstOf(record, keys)
  if (typeof value === 'string') return value
  if (value === undefined && fallback !== undefined) return fallback
  throw badField(where, keys, 'a text', value === undefined ? record : value)
}

/** True for a list of nothing but texts. */
export const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
