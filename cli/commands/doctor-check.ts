// What one look of `lrat doctor` comes to.
import { messageOf, UserError } from '../../core/errors.ts'

export type Level = 'green' | 'yellow' | 'red'

export interface Check {
  readonly check: string
  readonly level: Level
  readonly found: string
  readonly fix?: string
}

export const green = (check: string, found: string): Check => ({ check, level: 'green', found })
export const yellow = (check: string, found: string, fix: string): Check => ({ check, level: 'yellow', found, fix })
export const red = (check: string, found: string, fix: string): Check => ({ check, level: 'red', found, fix })

/** What an error says, as a look that found something wrong. */
export const failed = (check: string, error: unknown): Check => {
  if (!(error instanceof UserError)) return red(check, messageOf(error).split('\n')[0] ?? '', '')
  const { where, expected, found, fix } = error.problem
  return red(check, `${where}: expected ${expected}; found ${found}`, fix)
}

/** A look whose errors are what it found. */
export const looking = async (check: string, look: () => Promise<readonly Check[]>): Promise<readonly Check[]> => {
  try {
    return await look()
  } catch (error) {
    return [failed(check, error)]
  }
}
