// Reads back a small JSON file that the program itself wrote: what is damaged is named, never believed.
import { existsSync, readFileSync } from 'node:fs'
import type { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { expectation, worst, type Issue } from './config-issues.ts'

interface Words {
  /** What the file should be. */
  readonly expected: string
  readonly fix: string
}

const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** The file's content; undefined where there is no file. Errors: UserError naming the file and what is wrong in it. */
export const readRecord = <S extends z.ZodType>(path: string, schema: S, words: Words): z.output<S> | undefined => {
  if (!existsSync(path)) return undefined
  const text = readFileSync(path, 'utf8')
  const fault = (found: string): UserError =>
    new UserError({ where: path, expected: words.expected, found, fix: words.fix })
  const parsed = parse(text)
  if (!parsed) throw fault(text.trim() === '' ? 'an empty file' : 'text that is no JSON')
  const result = schema.safeParse(parsed.value)
  if (result.success) return result.data
  const issues: readonly Issue[] = result.error.issues
  const issue = worst(issues)
  const at = issue.path.map(String).join('.')
  throw fault(
    at === ''
      ? `${text.trim().slice(0, 40)} instead of an object`
      : `at ${at} something other than ${expectation(issue)}`,
  )
}
