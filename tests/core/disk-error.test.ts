// What a file system refuses becomes a sentence; what it did not say stays as it is.
import fc from 'fast-check'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskError, lastWords } from '../../core/disk-error.ts'
import { UserError } from '../../core/errors.ts'
import { makeFolder, writeFileAtomic, writeFileLightly } from '../../core/files.ts'
import { printable, printableLine } from '../../core/terminal.ts'

const coded = (code: string, more: object = {}): Error => Object.assign(new Error(`${code}: no`), { code, ...more })

describe('a code of the system', () => {
  test.each([
    ['ENOSPC', 'a full disk'],
    ['EDQUOT', 'a disk quota that is used up'],
    ['EROFS', 'one that is read-only'],
    ['EACCES', 'permission to use it; found none'],
    ['EPERM', 'not permitted'],
    ['ENOTDIR', 'a file where a folder must be'],
    ['EISDIR', 'a folder'],
    ['ENAMETOOLONG', 'a longer one'],
    ['EMFILE', 'as many open ones as this process may have'],
    ['ENFILE', 'as many open ones as this machine may have'],
    ['EIO', 'an input/output error'],
    ['ELOOP', 'in a circle'],
  ])('%s is said in words', (code, words) => {
    const error = diskError(coded(code, { path: '/there' }), '/here')
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toMatch(/\/there: expected .*; found /)
    expect(String(error)).toContain(words)
    expect(String(diskError(coded(code), '/here'))).toContain('/here')
  })

  test.each([
    ['IO Error: Could not write to "/x": No space left on device', 'a full disk'],
    ['IO Error: Cannot open file "/x": Permission denied', 'permission'],
    ['IO Error: Cannot open file "/x": Read-only file system', 'read-only'],
    ['lance error: LanceError(IO): Too many open files (os error 24), /rust/x.rs', 'open ones'],
  ])('as a library spells it: %s', (text, words) => expect(String(diskError(new Error(text), '/x'))).toContain(words))

  test.each([
    new Error('401 Permission denied'),
    coded('ECONNREFUSED'),
    coded('EACCES', { syscall: 'listen' }),
    coded('constructor'),
    new UserError({ where: 'a', expected: 'b', found: 'c', fix: 'd' }),
    'text',
    undefined,
  ])('%s is left alone', (error) => expect(diskError(error, '/x')).toBe(error))

  test('a code of a library does not hide what it says', () => {
    const error = coded('GenericFailure', { message: 'LanceError(IO): No space left on device (os error 28)' })
    expect(String(diskError(error, '/x'))).toContain('a full disk')
  })

  test('a package that is not there is an installation to mend', () => {
    const error = coded('ERR_MODULE_NOT_FOUND', { message: "Cannot find package 'x'" })
    expect(String(lastWords(error))).toMatch(/installation of lrat: expected .*Cannot find package 'x'.*ulimit -n/)
  })

  test('a file that is not there is explained at the end only', () => {
    const missing = coded('ENOENT', { path: '/there' })
    expect(diskError(missing)).toBe(missing)
    expect(String(lastWords(missing))).toMatch(/\/there: expected a file or folder; found nothing at that path/)
  })
})

test.each([
  ['makeFolder', makeFolder],
  ['writeFileAtomic', (path: string) => writeFileAtomic(path, 'x')],
  ['writeFileLightly', (path: string) => writeFileLightly(path, 'x')],
])('%s explains what stands in its way', (_, write) => {
  const folder = mkdtempSync(join(tmpdir(), 'lrat-test-'))
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'folder', 'taken'), { recursive: true })
  symlinkSync('circle', join(folder, 'circle'))
  expect(() => write(join(folder, 'file', 'below'))).toThrow(/file(\/below)?: expected a folder at every step/)
  expect(() => write(join(folder, 'x'.repeat(300)))).toThrow(/expected names that the file system takes/)
  expect(() => write(join(folder, 'circle', 'below'))).toThrow(UserError)
})

describe('printable', () => {
  test.each([
    ['\u001b[31mred\u001b]0;title\u0007', '\\u001b[31mred\\u001b]0;title\\u0007'],
    ['a\rb\r\nc\td', 'a\\u000db\r\nc\td'],
    ['\u009b2J\u007f\u0000', '\\u009b2J\\u007f\\u0000'],
    ['\u202eevil\u2066', '\\u202eevil\\u2066'],
    ['é 漢字 😀 👩‍👩‍👧 ع', 'é 漢字 😀 👩‍👩‍👧 ع'],
    ['\ud800x', '\\ud800x'],
  ])('%j', (text, expected) => expect(printable(text)).toBe(expected))

  test('leaves JSON the same JSON, and no control but line feeds and tabs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(printable(JSON.stringify(text)))).toBe(text)
        expect(printable(text)).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/)
        expect(printableLine(text)).not.toMatch(/[\n\t]/)
      }),
    )
  })
})
