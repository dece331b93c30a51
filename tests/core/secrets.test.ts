// A key in any encoding is found and replaced; what is no key stays as it is.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redactor, secretIn, shownValue, urlSecrets, withoutKeys, withoutUrlSecrets } from '../../core/secrets.ts'

const KEY = 'a"b\\c/d+e&f=g<h>i%j é-123'
const percent = (text: string): string => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('')
const unicode = (text: string): string =>
  [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const split = (text: string, every: number, by: string): string =>
  (text.match(new RegExp(`.{1,${every}}`, 'gs')) ?? []).join(by)

const encodings: Readonly<Record<string, (key: string) => string>> = {
  plain: (key) => key,
  'a JSON string': (key) => JSON.stringify(key),
  'JSON within JSON': (key) => JSON.stringify(JSON.stringify({ key })),
  'JSON within JSON within JSON': (key) => JSON.stringify(JSON.stringify(JSON.stringify({ key }))),
  'JSON escapes only': unicode,
  'a URL component': encodeURIComponent,
  'a URL component in small letters': (key) => encodeURIComponent(key).replaceAll(/%../g, (code) => code.toLowerCase()),
  'every byte as a percentage': percent,
  'a URL component, twice': (key) => encodeURIComponent(encodeURIComponent(key)),
  HTML: (key) => key.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  'HTML by number': (key) => [...key].map((c) => `&#${c.codePointAt(0)};`).join(''),
  base64,
  'base64, one byte in': (key) => base64(`:${key}`),
  'base64, two bytes in': (key) => base64(`u:${key}`),
  'base64 of credentials': (key) => base64(`user:${key}@more text`),
  base64url: (key) => Buffer.from(`x${key}`).toString('base64url'),
  'base64 in lines': (key) => split(base64(`Bearer ${key}`), 8, '\n'),
  hexadecimal: (key) => Buffer.from(key).toString('hex').toUpperCase(),
  'split over lines': (key) => split(key, 3, '\r\n  '),
  'split over lines within JSON': (key) => JSON.stringify(split(key, 5, '\n')),
}

/** Whether five characters of the key in a row, or of its base64, are left. */
const left = (text: string, key: string): string | undefined => {
  const squeezed = text.replaceAll(/\s|\\n/g, '')
  const parts = [key, base64(key), base64(`:${key}`).slice(2), base64(`u:${key}`).slice(3)]
  return parts
    .flatMap((part) => Array.from({ length: part.length - 4 }, (_, at) => part.slice(at, at + 5)))
    .find((piece) => squeezed.includes(piece))
}

describe('a key', () => {
  test.each(Object.entries(encodings))('is replaced as %s', (_, encode) => {
    const keys = [KEY, 'gsk_R4nd0mT0k3nXyZ', 'plainlongkeywithoutdigits']
    for (const key of keys) {
      const found = withoutKeys(keys)(`before ${encode(key)} after`)
      expect(found).toMatch(/^before \S?.*\[key\].* after$/s)
      expect(left(found, key)).toBeUndefined()
    }
  })

  test('of any characters is replaced in every encoding', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 33, max: 126 }).map((n) => String.fromCharCode(n)),
      minLength: 12,
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        printable,
        fc.constantFrom(...Object.keys(encodings)),
        fc.string(),
        fc.string(),
        (key, name, a, b) => {
          const text = `${a} ${encodings[name]?.(key)} ${b}`
          expect(withoutKeys([key])(text)).toContain('[key]')
        },
      ),
      { numRuns: 300 },
    )
  })

  test('that another one begins with is replaced whole', () => {
    expect(withoutKeys(['secret-key', 'secret-key-longer'])('secret-key-longer')).toBe('[key]')
  })

  test('a reply in JSON stays JSON', () => {
    const reply = JSON.stringify({ a: [`x${KEY}y`, JSON.stringify({ KEY }), base64(KEY)], b: 1 })
    expect(JSON.parse(withoutKeys([KEY])(reply))).toEqual({ a: ['x[key]y', '{"KEY":"[key]"}', '[key]'], b: 1 })
  })
})

describe('what is no key', () => {
  test('stays: other texts, short keys in data', () => {
    const digest = createHash('sha256').update('x').digest('base64')
    for (const text of ['EMPTY', 'key-value sk-notours', digest, 'https://host/?q=1'])
      expect(withoutKeys(['EMPTY', KEY])(text)).toBe(text)
    fc.assert(fc.property(fc.string(), (text) => withoutKeys(['R4nd0mT0k3n-of-ours'])(text) === text))
  })
})

describe('a message', () => {
  const redact = redactor(['secret-key-1', 'EMPTY'])
  test.each([
    ['401 Incorrect API key provided: secret-key-1', '401 Incorrect API key provided: [key]'],
    ['no such key: EMPTY', 'no such key: [key]'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [key]'],
    ['provided: sk-proj-ab12cd34', 'provided: [key]'],
    ['connect https://user:pass@host/v1', 'connect https://[key]@host/v1'],
    ['connect https://user:p@ss@host/v1', 'connect https://[key]@host/v1'],
    ['GET https://host/v1?api-key=abc&v=2', 'GET https://host/v1?api-key=[key]&v=2'],
    ['nothing to hide', 'nothing to hide'],
  ])('%s', (text, expected) => expect(redact(text)).toBe(expected))
})

describe('an address', () => {
  test.each([
    ['https://host/v1?api-version=2024-10-21', 'https://host/v1?api-version=2024-10-21'],
    ['https://host/v1?subscription-key=abc#x', 'https://host/v1?subscription-key=[key]#x'],
    ['https://host/?a=1&access_token=abc', 'https://host/?a=1&access_token=[key]'],
    ['https://host/?sig=a%2Bb', 'https://host/?sig=[key]'],
    ['https://host/?u=0123456789abcdef0123', 'https://host/?u=[key]'],
  ])('%s', (url, expected) => expect(withoutUrlSecrets(url)).toBe(expected))

  test('names its secrets', () => {
    expect(urlSecrets('https://u:p%40ss@host/?sig=a%2Bb&v=1')).toEqual(['p@ss', 'a+b'])
    expect(urlSecrets('no address')).toEqual([])
  })
})

describe('a configuration', () => {
  test('says where it holds a secret', () => {
    expect(secretIn({ a: [{ b: 1 }, { extra: { api_key: 'x' } }] })).toEqual(['a', '1', 'extra', 'api_key'])
    expect(secretIn({ api_key_env: 'NAME', max_tokens: 3, text: 'password' })).toBeUndefined()
  })
  test('shows values, but none that may be secret', () => {
    expect(shownValue('k', 3)).toBe('3')
    expect(shownValue('api_key_env', 'AIzaSyX-1')).toMatch(/not shown/)
    expect(shownValue('base_url', 'http://u:p/w@host')).toMatch(/not shown/)
  })
})
