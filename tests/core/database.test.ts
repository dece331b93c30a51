// Every file is read as it is: no part of its path is a pattern, a column or an option.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { all, connect, copyTo, jsonLines, parquet, parquetMetadata, writer } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { oddFolders } from '../helpers/odd-folders.ts'

const folder = mkdtempSync(join(tmpdir(), 'lrat-paths-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// A neighbour that a pattern in a name would match too.
mkdirSync(join(folder, 'a1'))
mkdirSync(join(folder, 'axb'))

const write = async (path: string, sql: string): Promise<void> => {
  await (await writer()).run(copyTo(sql, path, 'FORMAT parquet'))
}

describe('paths are literal', () => {
  it.each(oddFolders.map((name, n) => [name, n] as const))('%s', async (name, n) => {
    for (const neighbour of ['a1', 'axb']) await write(join(folder, neighbour, 'part.parquet'), 'SELECT -1 AS docid')
    const own = join(folder, name)
    mkdirSync(own, { recursive: true })
    const path = join(own, 'part.parquet')
    await write(path, `SELECT ${n} AS docid, 'x' AS weight`)
    const connection = await writer()
    expect(await all(connection, `SELECT * FROM ${parquet(path)}`)).toEqual([{ docid: n, weight: 'x' }])
    expect(await all(connection, `SELECT * FROM ${parquet([path, path], 'file_row_number')}`)).toEqual([
      { docid: n, weight: 'x', file_row_number: 0n },
      { docid: n, weight: 'x', file_row_number: 0n },
    ])
    expect(await all(connection, `SELECT filename FROM ${parquet(path, 'filename')}`)).toEqual([{ filename: path }])
    expect(await all(connection, `SELECT num_rows AS n FROM ${parquetMetadata(path)}`)).toEqual([{ n: 1n }])
    const lines = join(own, 'rows.ndjson')
    writeFileSync(lines, '{"docid": "007", "split": "a"}\n')
    const source = jsonLines(lines, { columns: { docid: 'VARCHAR', split: 'VARCHAR' }, longest: 1000 })
    expect(await all(connection, `SELECT * FROM ${source}`)).toEqual([{ docid: '007', split: 'a' }])
    const spilling = await connect({ file: join(own, 'work.duckdb'), spill: join(own, 'spill') })
    await spilling.run('CREATE TABLE t AS SELECT 1 AS n')
    expect(await all(spilling, 'FROM t')).toEqual([{ n: 1 }])
    spilling.closeSync()
  })

  it('refuses the one kind of path that DuckDB cannot be given', () => {
    expect(() => parquet('/runs/a\\b/c*/part.parquet')).toThrow(UserError)
    expect(() => parquet('/runs/a\\b/c*/part.parquet')).toThrow(/no backslash in a path that also has one of/)
  })
})

describe('one place', () => {
  it('no other file names a function of DuckDB that reads or writes files', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const byHand = /\b(read_(parquet|json|csv|text|blob)\w*|parquet_\w+|sniff_csv|glob)\(|\bCOPY\s*\(/
    const sources = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(node_modules|dist|runs|tests|\..*)$/.test(entry.name))
      .flatMap(({ name }) =>
        readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((file) => join(name, file)),
      )
      .filter((file) => file.endsWith('.ts'))
    expect(sources).toContain(join('pipeline', 'parts.ts'))
    const offenders = sources.filter(
      (file) => file !== join('core', 'database.ts') && byHand.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(offenders).toEqual([])
  })
})
