// What the tests of data/ share: a scratch folder, collecting.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { UserError } from '../../core/errors.ts'

/** A folder that is gone after the test file, and a way to write files into it. */
export const scratch = (): { folder: string; write: (name: string, content: string | Uint8Array) => string } => {
  const folder = mkdtempSync(join(tmpdir(), 'lrat-data-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }
  return { folder, write }
}

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The UserError that reading to the end ends with; its message has to match. */
export const failure = async (items: AsyncIterable<unknown> | Promise<unknown>, message = /./): Promise<UserError> => {
  try {
    await (Symbol.asyncIterator in items ? collect(items) : items)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.message).toMatch(message)
    return error
  }
  throw new Error('expected a UserError, but all went well')
}
