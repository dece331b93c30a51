// C functions from JavaScript: numbers in, a number out. Stands on koffi, an optional package.
import { UserError, messageOf } from '../../../core/errors.ts'

/** What a parameter or result is: an address or 64-bit integer, a 32-bit integer, a float of 64 bits, nothing. */
export type Kind = 'word' | 'int' | 'double' | 'void'
export type CFunction = (...values: readonly number[]) => number

export interface CLibrary {
  /** Undefined where the library has no such function. */
  find(name: string, result: Kind, parameters: readonly Kind[]): CFunction | undefined
  /** A function without parameters that gives a text; undefined where there is none. */
  findText(name: string): (() => string) | undefined
}

export interface Ffi {
  /** Loads a library for good, its symbols visible to those loaded later; null is the process itself. */
  open(path: string | null): CLibrary
  /** Where memory lies. It does not move, and lives as long as somebody holds the buffer. */
  address(memory: ArrayBufferLike): number
}

const TYPES = { word: 'int64_t', int: 'int32_t', double: 'double', void: 'void' } as const

let opened: Promise<Ffi> | undefined

/** Loads koffi. Throws UserError where it is not installed. */
export const openFfi = (): Promise<Ffi> => (opened ??= load())

const load = async (): Promise<Ffi> => {
  const koffi = await import('koffi').catch((error: unknown) => {
    throw new UserError({
      where: 'device torch',
      expected: 'the optional package koffi, which calls LibTorch',
      found: messageOf(error).split('\n')[0] ?? '',
      fix: 'Run npm ci again, without --omit=optional.',
      cause: error,
    })
  })
  return {
    open: (path) => {
      const library = koffi.load(path, { global: true })
      const quietly = <T>(work: () => T): T | undefined => {
        try {
          return work()
        } catch {
          return undefined
        }
      }
      return {
        find: (name, result, parameters) =>
          quietly(() => {
            const types = parameters.map((kind) => TYPES[kind])
            const found: CFunction = library.func(name, TYPES[result], types)
            // Integers beyond 2^53 come as bigints.
            return result === 'word' ? (...values) => Number(found(...values)) : found
          }),
        findText: (name) => quietly(() => library.func(name, 'const char*', [])),
      }
    },
    address: (memory) => Number(koffi.address(memory)),
  }
}
