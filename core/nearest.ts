// Names that are not known: which known one was probably meant, said before the list of all.
import { closest, distance } from 'fastest-levenshtein'
import { UserError } from './errors.ts'

/** The known name that a misspelt one most likely stands for, if any is near. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  if (known.length === 0) return undefined
  const lower = name.toLowerCase()
  const found = closest(lower, known)
  return distance(lower, found.toLowerCase()) <= Math.max(2, name.length / 2) ? found : undefined
}

/** "Did you mean 'train'? ", or nothing where no known name is near. */
export const hint = (name: string, known: readonly string[]): string => {
  const near = nearest(name, known)
  return near === undefined ? '' : `Did you mean '${near}'? `
}

interface Unknown {
  readonly where: string
  /** What kind of thing is named, as "a table of this run". */
  readonly expected: string
  readonly name: string
  readonly known: readonly string[]
  /** How the list of known names begins, as "Its tables". */
  readonly list: string
  /** Where there is no known name. */
  readonly otherwise?: string
}

/** The error for a name that is not known: the nearest one first, then all. */
export const unknownName = ({ where, expected, name, known, list, otherwise = '' }: Unknown): UserError =>
  new UserError({
    where,
    expected,
    found: `'${name}'`,
    fix: known.length === 0 ? otherwise : `${hint(name, known)}${list}: ${known.join(', ')}.`,
  })
