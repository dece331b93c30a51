// Errors that a user can act on: where, what was expected, what was found, what to do.

export interface Problem {
  /** The file, line, row, table or key that is at fault. */
  readonly where: string
  readonly expected: string
  readonly found: string
  /** What the user can do about it. */
  readonly fix: string
  readonly cause?: unknown
}

/** An error in the user's input or surroundings: printed without a stack trace, exit code 1. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.where}: expected ${problem.expected}; found ${problem.found}. ${problem.fix}`, {
      cause: problem.cause,
    })
    this.problem = problem
  }
}

/** Thrown where work stops because the user asked for it (Ctrl-C): exit code 130, nothing is lost. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  constructor() {
    super('interrupted; the same command resumes')
  }
}

/** Text of any thrown value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The system error code ("ENOENT" …) of a thrown value, if it has one. */
export const codeOf = (error: unknown): string | undefined => {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}
