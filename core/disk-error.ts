// What a file system refuses, in a sentence: the one place that turns its codes into errors that say what to do.
import { codeOf, messageOf, UserError, type Problem } from './errors.ts'

type Words = Omit<Problem, 'where' | 'cause'>

const KEPT = 'What is complete is kept'

const WORDS: Readonly<Record<string, Words>> = {
  ENOSPC: {
    expected: 'room to write',
    found: 'a full disk',
    fix: `${KEPT}: free some space and run the same command again.`,
  },
  EDQUOT: {
    expected: 'room to write',
    found: 'a disk quota that is used up',
    fix: `${KEPT}: delete something or ask for a larger quota, and run the same command again.`,
  },
  EROFS: {
    expected: 'a file system that can be written to',
    found: 'one that is read-only',
    fix: 'Name another folder (`run` in the configuration), or mount this one for writing.',
  },
  EACCES: {
    expected: 'permission to use it',
    found: 'none',
    fix: 'Give this user the right to it (ls -l shows who has it), or name another path.',
  },
  EPERM: {
    expected: 'permission to use it',
    found: 'an operation that is not permitted',
    fix: 'Give this user the right to it (ls -l and lsattr show what stands in the way), or name another path.',
  },
  ENOTDIR: {
    expected: 'a folder at every step of the path',
    found: 'a file where a folder must be',
    fix: 'Correct the path, or move that file away.',
  },
  EISDIR: {
    expected: 'a file',
    found: 'a folder',
    fix: 'Correct the path, or move that folder away.',
  },
  ENAMETOOLONG: {
    expected: 'names that the file system takes (255 bytes each on most)',
    found: 'a longer one',
    fix: 'Choose shorter names.',
  },
  ELOOP: {
    expected: 'links that lead somewhere',
    found: 'links that lead in a circle',
    fix: 'Correct the links.',
  },
  EMFILE: {
    expected: 'files that can be opened',
    found: 'as many open ones as this process may have',
    fix: `${KEPT}: raise the limit (ulimit -n 65536) or lower the concurrency, and run the same command again.`,
  },
  ENFILE: {
    expected: 'files that can be opened',
    found: 'as many open ones as this machine may have',
    fix: `${KEPT}: end other programs or raise fs.file-max, and run the same command again.`,
  },
  EIO: {
    expected: 'a disk that works',
    found: 'an input/output error',
    fix: `${KEPT}: look at the disk (dmesg), and run the same command again.`,
  },
}

/** The same codes as libraries in other languages spell them out. */
const SPELT: readonly (readonly [RegExp, string])[] = [
  [/No space left on device|disk full/i, 'ENOSPC'],
  [/Disk quota exceeded/i, 'EDQUOT'],
  [/Read-only file system/i, 'EROFS'],
  [/Permission denied/i, 'EACCES'],
  [/Operation not permitted/i, 'EPERM'],
  [/File name too long/i, 'ENAMETOOLONG'],
  [/Too many open files in system/i, 'ENFILE'],
  [/Too many open files/i, 'EMFILE'],
  [/Input\/output error/i, 'EIO'],
  [/Is a directory/i, 'EISDIR'],
  [/Not a directory/i, 'ENOTDIR'],
]

/** DuckDB and LanceDB speak of files in these words; a server that says "Permission denied" does not. */
const OF_FILES = /\bIO Error\b|\bos error \d+\b|LanceError|LanceDBError/

const isOfSocket = (error: unknown): boolean =>
  error instanceof Error &&
  'syscall' in error &&
  /^(listen|connect|bind|accept|getaddrinfo)$/.test(String(error.syscall))

const codeIn = (error: unknown): string | undefined => {
  const code = codeOf(error)
  if (code === 'ERR_FS_EISDIR') return 'EISDIR'
  // A folder was to be made where a file lies.
  if (code === 'EEXIST' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir') return 'ENOTDIR'
  if (code !== undefined && isOfSocket(error) && code !== 'EMFILE') return undefined
  // Libraries have codes of their own, which say nothing.
  if (code !== undefined && Object.hasOwn(WORDS, code)) return code
  const text = messageOf(error)
  const spelt = SPELT.find(([words]) => words.test(text))?.[1]
  return spelt === 'ENOSPC' || OF_FILES.test(text) ? spelt : undefined
}

const pathIn = (error: unknown): string | undefined =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined

/**
 * A file system's error as a UserError that says what to do; other errors stay as they are. `path` is what was worked on,
 * where the error itself names nothing.
 */
export const diskError = (error: unknown, path?: string): unknown => {
  if (error instanceof UserError) return error
  const code = codeIn(error)
  const words = code !== undefined && Object.hasOwn(WORDS, code) ? WORDS[code] : undefined
  return words ? new UserError({ where: pathIn(error) ?? path ?? 'a file', ...words, cause: error }) : error
}

/** The same for errors that nobody else explained: a file that is not there is one too, and a part of the program. */
export const lastWords = (error: unknown): unknown => {
  const explained = diskError(error)
  // Node says so too when it could not open what is there.
  if (codeOf(error) === 'ERR_MODULE_NOT_FOUND')
    return new UserError({
      where: 'the installation of lrat',
      expected: 'every package that it came with',
      found: messageOf(error).split('\n')[0] ?? '',
      fix: 'Install it again (npm ci); where few files may be open at once, raise the limit (ulimit -n 65536).',
      cause: error,
    })
  const path = pathIn(error)
  if (explained !== error || path === undefined || codeOf(error) !== 'ENOENT') return explained
  return new UserError({
    where: path,
    expected: 'a file or folder',
    found: 'nothing at that path',
    fix: 'Correct the path; if it belongs to a run, run the stage that writes it again with --from.',
    cause: error,
  })
}
