// Places in JSON texts, against JSON.parse.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scanJson } from '../../data/readers/json-scan.ts'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

it('finds a fault exactly where JSON.parse does not read a text', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.5',
    'e3',
    'true',
    ' ',
    '\n',
    '\u0001',
    '\\u12',
    '"\\n"',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(pieces).map((parts) => parts.join('')),
      ),
      (text) => {
        expect(scanJson(text).fault === undefined).toBe(isJson(text))
      },
    ),
    { numRuns: 2000 },
  )
})

it('values of the outermost object, as they are written', () => {
  const value = fc.jsonValue()
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(fc.string(), value), { selector: ([key]) => key }), (entries) => {
      const text = `{ ${entries.map(([key, inner]) => `${JSON.stringify(key)} : ${JSON.stringify(inner)} `).join(',')}}`
      const { fields } = scanJson(text)
      expect([...fields].map(([key, place]) => [key, text.slice(...place)])).toEqual(
        entries.map(([key, inner]) => [key, JSON.stringify(inner)]),
      )
    }),
  )
})

it('is not stopped by depth or length', () => {
  expect(scanJson('['.repeat(1e6)).fault).toBe(1e6)
  expect(scanJson(`"${'x'.repeat(1e7)}"`).fault).toBe(undefined)
})
