// Parquet parts: what goes in comes out, whichever writer and reader; shards appear as a whole or not at all.
import fc from 'fast-check'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  boolean,
  double,
  int32,
  list,
  nullable,
  string,
  struct,
  type Columns,
  type Row,
  type Table,
} from '../../core/columns.ts'
import { tables } from '../../data/schemas.ts'
import { all, parquet, writer } from '../../core/database.ts'
import { listParts, partPath, shardExists, writeShard } from '../../pipeline/parts.ts'
import { tempFolders } from '../helpers/temp.ts'

const temp = tempFolders()

const flat = {
  text: string,
  maybe: nullable(string),
  whole: int32,
  maybeWhole: nullable(int32),
  real: double,
  maybeReal: nullable(double),
  flag: boolean,
  maybeFlag: nullable(boolean),
  texts: list(string),
} satisfies Columns
const nested = {
  ...flat,
  steps: list(struct({ type: string, tool: nullable(string), docids: list(string), n: nullable(int32) })),
} satisfies Columns

const bulk: Table<typeof flat> = { name: 'bulk', writer: 'bulk', columns: flat }
const rows: Table<typeof flat> = { name: 'rows', writer: 'rows', columns: flat }
const deep: Table<typeof nested> = { name: 'deep', writer: 'bulk', columns: nested }

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom(
    '',
    '\ud800',
    'a\udc00b',
    '\\ud800',
    '\u0000',
    '\t\n\r\u001f\u007f\u2028',
    'null',
    '{"a": 1}',
    "it's",
  ),
)
const whole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const real = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e-300, 5e-324, Number.MAX_VALUE, 0.1),
)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const flatRow = fc.record({
  text: anyText,
  maybe: maybe(anyText),
  whole,
  maybeWhole: maybe(whole),
  real,
  maybeReal: maybe(real),
  flag: fc.boolean(),
  maybeFlag: maybe(fc.boolean()),
  texts: fc.array(anyText, { maxLength: 4 }),
})
const deepRow = fc.tuple(
  flatRow,
  fc.array(
    fc.record({ type: anyText, tool: maybe(anyText), docids: fc.array(anyText, { maxLength: 3 }), n: maybe(whole) }),
    { maxLength: 3 },
  ),
)

// Parquet holds UTF-8, in which a lone surrogate has no form: it becomes U+FFFD. -0 comes back as 0.
const expected = (value: unknown): unknown => {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'number') return value + 0
  if (Array.isArray(value)) return value.map(expected)
  return value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expected(inner)]))
    : value
}

const readBack = async (folder: string, table: Table): Promise<unknown[]> =>
  all(await writer(), `SELECT * FROM ${parquet(listParts(folder, table))}`)

const roundTrip = async <T extends Table>(table: T, given: readonly Row<T>[]): Promise<unknown[]> => {
  const folder = temp()
  await writeShard(folder, [table], 0, (shard) => shard.write(table, given))
  const found = await readBack(folder, table)
  rmSync(folder, { recursive: true })
  return found.map(expected)
}

describe('every kind of column comes back as it was', () => {
  for (const table of [bulk, rows])
    test(`through the ${table.name} writer`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(flatRow, { minLength: 1, maxLength: 8 }), async (given) => {
          expect(await roundTrip(table, given)).toEqual(given.map(expected))
        }),
        { numRuns: 40 },
      )
    })

  test('nested rows, through the bulk writer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deepRow, { minLength: 1, maxLength: 6 }), async (given) => {
        const nestedRows = given.map(([row, steps]) => ({ ...row, steps }))
        expect(await roundTrip(deep, nestedRows)).toEqual(nestedRows.map(expected))
      }),
      { numRuns: 30 },
    )
  })

  test('texts of megabytes, and more rows than a row group', async () => {
    const long = 'Ā🙂x'.repeat(700_000)
    const many = Array.from({ length: 20_500 }, (_, n) => ({ ...blank(), text: String(n), whole: n }))
    for (const table of [bulk, rows]) {
      expect(await roundTrip(table, [{ ...blank(), text: long }])).toEqual([{ ...blank(), text: long }])
      const found = (await roundTrip(table, many)) as { whole: number }[]
      expect(found.map((row) => row.whole)).toEqual(many.map((row) => row.whole))
    }
  })

  test('a part without rows is read as none', async () => {
    for (const table of [bulk, rows]) expect(await roundTrip(table, [])).toEqual([])
    for (const table of tables) expect(await roundTrip(table, []), table.name).toEqual([])
  })
})

function blank(): Row<typeof rows> {
  return {
    text: '',
    maybe: null,
    whole: 0,
    maybeWhole: null,
    real: 0,
    maybeReal: null,
    flag: false,
    maybeFlag: null,
    texts: [],
  }
}

test('equal rows give equal bytes', async () => {
  const given = fc.sample(flatRow, { numRuns: 200, seed: 7 })
  for (const table of [bulk, rows]) {
    const bytes: Buffer[] = []
    for (let time = 0; time < 2; time += 1) {
      const folder = temp()
      await writeShard(folder, [table], 0, (shard) => shard.write(table, given))
      bytes.push(readFileSync(partPath(folder, table, 0)))
    }
    expect(bytes[0].equals(bytes[1])).toBe(true)
  }
})

test('however the rows are cut into calls, the part is the same', async () => {
  const given = fc.sample(flatRow, { numRuns: 50, seed: 3 })
  for (const table of [bulk, rows]) {
    const [one, many] = [temp(), temp()]
    await writeShard(one, [table], 0, (shard) => shard.write(table, given))
    await writeShard(many, [table], 0, async (shard) => {
      for (const row of given) await shard.write(table, [row])
    })
    expect(readFileSync(partPath(one, table, 0)).equals(readFileSync(partPath(many, table, 0)))).toBe(true)
  }
})

describe('a shard of several tables', () => {
  const filesIn = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)

  test('shows nothing before it is whole, and all of it after', async () => {
    const folder = temp()
    await writeShard(folder, [bulk, rows], 3, async (shard) => {
      await shard.write(bulk, [blank()])
      await shard.write(rows, [blank()])
      for (const table of [bulk, rows]) expect(listParts(folder, table)).toEqual([])
      expect(shardExists(folder, [bulk, rows], 3)).toBe(false)
    })
    expect(shardExists(folder, [bulk, rows], 3)).toBe(true)
    expect(filesIn(folder)).toEqual(['part-00003.parquet', 'part-00003.parquet'])
  })

  test('leaves nothing behind when filling it fails, and can be written then', async () => {
    const folder = temp()
    const failing = writeShard(folder, [bulk, rows], 0, async (shard) => {
      await shard.write(bulk, [blank()])
      await shard.write(rows, [blank()])
      throw new Error('no more')
    })
    await expect(failing).rejects.toThrow('no more')
    expect(filesIn(folder)).toEqual([])
    expect(await writeShard(folder, [bulk, rows], 0, (shard) => shard.write(rows, [blank()]))).toBe(true)
    expect(await readBack(folder, rows)).toHaveLength(1)
    expect(await readBack(folder, bulk)).toHaveLength(0)
  })

  test('that exists is not filled again', async () => {
    const folder = temp()
    await writeShard(folder, [rows], 0, (shard) => shard.write(rows, [blank()]))
    let called = false
    const written = await writeShard(folder, [rows], 0, async () => void (called = true))
    expect([written, called]).toEqual([false, false])
  })

  test('of which one part is missing is filled again', async () => {
    const folder = temp()
    const fill = (): Promise<boolean> => writeShard(folder, [bulk, rows], 0, (shard) => shard.write(rows, [blank()]))
    await fill()
    rmSync(partPath(folder, bulk, 0))
    expect(await fill()).toBe(true)
    expect(shardExists(folder, [bulk, rows], 0)).toBe(true)
  })
})

test('parts are found in order; temporary and foreign files are no parts', () => {
  const folder = temp()
  mkdirSync(join(folder, 'rows'))
  for (const name of [
    'part-00010.parquet',
    'part-00002.parquet',
    'part-00000.parquet.tmp',
    'notes.txt',
    'part-x.parquet',
  ])
    writeFileSync(join(folder, 'rows', name), '')
  expect(listParts(folder, rows)).toEqual([2, 10].map((index) => partPath(folder, rows, index)))
  expect(listParts(folder, bulk)).toEqual([])
  expect(existsSync(join(folder, 'bulk'))).toBe(false)
})

test('a hundred thousand parts are still in order', () => {
  const folder = temp()
  mkdirSync(join(folder, 'rows'))
  for (const index of [100_000, 99_999, 0]) writeFileSync(partPath(folder, rows, index), '')
  expect(listParts(folder, rows)).toEqual([0, 99_999, 100_000].map((index) => partPath(folder, rows, index)))
})
