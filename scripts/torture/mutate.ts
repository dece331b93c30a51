// Damage, drawn by a seed: to bytes, to text, to JSON by its structure.
import type { Random } from '../../core/random.ts'

const pick = <T>(random: Random, list: readonly T[]): T => {
  const found = list[random.below(list.length)]
  if (found === undefined) throw new RangeError('nothing to pick from')
  return found
}

const TOKENS: readonly Buffer[] = [
  ...[
    '\0',
    '\ufeff',
    '\u2028',
    '"',
    '\\',
    '\\ud800',
    '\r',
    '\n',
    '\t',
    ',',
    '{',
    '}',
    '[',
    ']',
    ':',
    '-',
    '1e999',
    'NaN',
  ],
  ...[
    '9007199254740993',
    '-1',
    '0.1',
    'null',
    'true',
    '""',
    '{}',
    '[]',
    '<',
    '>',
    '&',
    '&lol;',
    ']]>',
    '{{',
    '}}',
    '[[',
  ],
  ...['__proto__', 'constructor', '../', '/', '%', '*a', '&a', '!!binary', '\u202e', '\u001b[2J', '😀', '\n\n', ' '],
  ...['{{a|', '<!--', '<ref>', '{|', '"""', "'''", 'x'.repeat(5000), '['.repeat(20_000), '{"a":'.repeat(20_000)],
].map((text) => Buffer.from(text))
const BYTES: readonly Buffer[] = [
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.alloc(64),
]

const splice = (bytes: Buffer, from: number, until: number, into: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), into, bytes.subarray(until)])

/** One change to the bytes: a bit, a cut, a slice twice or gone or elsewhere, something inserted, a byte of its own. */
const damageOnce = (bytes: Buffer, random: Random): Buffer => {
  const at = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, at + 1 + random.below(64))
  switch (random.below(8)) {
    case 0:
    case 1: {
      if (bytes.length === 0) return Buffer.from([1])
      const flipped = Buffer.from(bytes)
      const place = random.below(bytes.length)
      flipped[place] = (flipped[place] ?? 0) ^ (1 << random.below(8))
      return flipped
    }
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return splice(bytes, end, end, bytes.subarray(at, end))
    case 4:
      return splice(bytes, at, end, Buffer.alloc(0))
    case 5:
      return splice(bytes, at, at, pick(random, TOKENS))
    case 6:
      return splice(bytes, at, Math.min(bytes.length, at + 1), pick(random, [...TOKENS, ...BYTES]))
    default:
      return splice(bytes, at, end, bytes.subarray(0, Math.min(bytes.length, 64)))
  }
}

/** One to four changes. */
export const damageBytes = (bytes: Buffer, random: Random): Buffer => {
  let damaged = bytes
  for (let n = 1 + random.below(4); n > 0; n -= 1) damaged = damageOnce(damaged, random)
  return damaged
}

const nest = (depth: number): unknown => {
  let value: unknown = 1
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value }
  return value
}

const oddValue = (random: Random): unknown =>
  pick<() => unknown>(random, [
    () => null,
    () => true,
    () => -1,
    () => 0.5,
    () => 2 ** 53 + 2,
    () => 1e308,
    () => '',
    () => '\0',
    () => '\ud800',
    () => 'x'.repeat(10_000),
    () => '../../x',
    () => '\u001b[2J',
    () => [],
    () => ({}),
    () => [null],
    () => ({ html: 'x' }),
    () => JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as unknown,
    () => nest(500),
  ])()

type Holder = Record<string, unknown>

/** Every object and list of a value. */
const holders = (value: unknown): Holder[] => {
  if (typeof value !== 'object' || value === null) return []
  return [value as Holder, ...Object.values(value).flatMap(holders)]
}

/** JSON with one node of another type, gone, under another name, or twice. */
export const damageJson = (text: string, random: Random): string => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  const all = holders(value)
  if (all.length === 0 || random.below(12) === 0) return JSON.stringify(oddValue(random))
  const holder = pick(random, all)
  const keys = Object.keys(holder)
  if (keys.length === 0) return JSON.stringify(oddValue(random))
  const key = pick(random, keys)
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else Reflect.deleteProperty(holder, key)
      break
    case 1: {
      const name = pick(random, ['constructor', 'toString', 'x', '', key.toUpperCase()])
      if (Array.isArray(holder)) holder.push(holder[Number(key)])
      else holder[name] = holder[key]
      break
    }
    case 2:
      // The same name twice: the later one counts, for every reader alike.
      return JSON.stringify(value).replace(/[{,]("\w+":)/, (found, name: string) => `${found}1,${name}`)
    default:
      holder[key] = oddValue(random)
  }
  return JSON.stringify(value)
}

/** JSON Lines with one line changed by its structure, twice, gone, or moved to the front. */
export const damageLines = (text: string, random: Random): string => {
  const lines = text.split('\n')
  const at = random.below(Math.max(1, lines.length - 1))
  const line = lines[at] ?? ''
  switch (random.below(6)) {
    case 0:
      lines.splice(at, 0, line)
      break
    case 1:
      lines.splice(at, 1)
      break
    case 2:
      lines.unshift(...lines.splice(at, 1))
      break
    default:
      lines[at] = damageJson(line, random)
  }
  return lines.join('\n')
}
