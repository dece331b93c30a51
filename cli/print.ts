// What commands print: text of documents, models and files never reaches the terminal raw.
import { printable } from '../core/terminal.ts'

/** Writes to standard output. JSON stays the same JSON: what is escaped was inside a string. */
export const print = (text: string): void => void process.stdout.write(printable(text))

/** Writes to standard error. */
export const note = (text: string): void => void process.stderr.write(printable(text))
