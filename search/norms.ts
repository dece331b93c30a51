// Stored and computed vectors are of length 1, or something went wrong on the way.
import { UserError } from '../core/errors.ts'

interface NormOptions {
  /** Names of the rows, for the message. */
  readonly docids?: readonly string[]
  /** Row of `docids` that the first vector belongs to. */
  readonly first?: number
  /** Whether a vector may be all zero, as that of a text without tokens is. */
  readonly mayBeZero?: (row: number) => boolean
}

/** Half precision moves a length by less than half of this. */
const TOLERANCE = 1e-3

/** Throws UserError unless every row of `vectors`, row-major, is finite and of length 1, or 0 where it may be. */
export const checkNorms = (where: string, vectors: Float32Array, dims: number, options: NormOptions = {}): void => {
  const { docids, first = 0, mayBeZero = () => true } = options
  for (let row = 0; row * dims < vectors.length; row++) {
    let squares = 0
    for (let i = row * dims; i < (row + 1) * dims; i++) squares += vectors[i] * vectors[i]
    if (Math.abs(Math.sqrt(squares) - 1) < TOLERANCE || (squares === 0 && mayBeZero(row))) continue
    throw new UserError({
      where: `${where}, vector ${row}${docids === undefined ? '' : ` of document ${docids[first + row]}`}`,
      expected: 'a unit vector',
      found: `length ${Math.sqrt(squares)}`,
      fix: 'Encode the corpus again; the encoder must normalise its output.',
    })
  }
}
