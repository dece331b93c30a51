// JSON files of a model's folder.
import { readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { messageOf, UserError } from '../../core/errors.ts'
import { isObject, type Json } from '../../core/json.ts'
import { readable } from '../files/reading.ts'

const broken = (path: string, expected: string, found: string, cause?: unknown): UserError =>
  new UserError({ where: path, expected, found, fix: 'Fetch or write the model again.', cause })

/** JSON from a file. Throws UserError when the file is missing or holds none. */
export const readJsonValue = async (path: string): Promise<unknown> => {
  const text = await readable(path, () => readFile(path, 'utf8'))
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw broken(path, 'JSON', messageOf(error), error)
  }
}

/** A JSON object from a file. Throws UserError when the file is missing or holds none. */
export const readJsonObject = async (path: string): Promise<Json> => {
  const value = await readJsonValue(path)
  if (isObject(value)) return value
  throw broken(path, 'a JSON object', JSON.stringify(value).slice(0, 40))
}

/** The same, or an empty object when there is no such file. */
export const readOptionalJson = async (path: string): Promise<Json> => (existsSync(path) ? readJsonObject(path) : {})

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
