// Keys never reach a file, a log or a terminal: found in whatever encoding they come back in, and replaced.

/** What stands where a secret stood. */
const MARK = '[key]'

/** Shorter keys ("EMPTY", "none") are ordinary words: they are replaced in messages, never in data. */
const SHORTEST_IN_DATA = 8

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** Hexadecimal digits in either case. */
const anyCase = (hex: string): string => hex.replaceAll(/[a-f]/gi, (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`)

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** One character as plain text, JSON (nested too), a URL or HTML may write it. */
const written = (char: string): string => {
  const code = char.codePointAt(0) ?? 0
  const percent = [...Buffer.from(char)].map((byte) => `%(?:25)*${anyCase(hexOf(Uint8Array.of(byte)))}`).join('')
  const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i).toString(16).padStart(4, '0'))
  const unicode = units.map((unit) => `\\\\{1,16}u${anyCase(unit)}`).join('')
  const html = `&(?:amp;)*#(?:0*${code}|[xX]0*${anyCase(code.toString(16))});`
  const named: Readonly<Record<string, string>> = { '"': 'quot', '&': 'amp', '<': 'lt', '>': 'gt', "'": 'apos' }
  const name = named[char]
  const plain = char === '\\' ? '\\\\{1,16}' : `\\\\{0,16}${escaped(char)}`
  const all = [plain, percent, unicode, html, ...(name === undefined ? [] : [`&(?:amp;)*${name};`])]
  return `(?:${all.join('|')})`
}

/** What may lie between two characters of a text that was broken into lines, plain or inside JSON. */
const BREAK = '(?:\\s|\\\\{1,16}[nrt]){0,80}'

const spread = (text: string): string => [...text].map(written).join(BREAK)

/** The base64 digits that depend on the key alone, for a key that begins at any place of a longer text. */
const base64Cores = (key: string): string[] =>
  [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(key)])
    const digits = bytes.toString('base64')
    const core = digits.slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
    return core.length >= SHORTEST_IN_DATA ? [core] : []
  })

const digit = (char: string): string =>
  char === '+' ? `(?:-|${written('+')})` : char === '/' ? `(?:_|${written('/')})` : written(char)

const base64 = (core: string): string => `${[...core].map(digit).join(BREAK)}[A-Za-z0-9+/_-]{0,2}(?:=|%3[dD]){0,2}`

const patternOf = (key: string): string =>
  [
    spread(key),
    ...base64Cores(key).map(base64),
    ...[hexOf(Buffer.from(key))].filter((hex) => hex.length >= 2 * SHORTEST_IN_DATA).map(anyCase),
  ].join('|')

const longestFirst = (keys: Iterable<string>): string[] =>
  [...new Set(keys)].filter((key) => key.length > 0).sort((a, b) => b.length - a.length)

/** Removes the keys from data of others, such as a server's reply, whatever their encoding; what is no key stays. */
export const withoutKeys = (keys: readonly string[]): ((text: string) => string) => {
  const long = longestFirst(keys).filter((key) => key.length >= SHORTEST_IN_DATA)
  if (long.length === 0) return (text) => text
  const pattern = new RegExp(long.map(patternOf).join('|'), 'gu')
  return (text) => text.replace(pattern, MARK)
}

const BEARER = /\b(bearer|api[-_ ]?key\s*[=:]|token\s*=)\s*["']?[\w.~+/*=-]{6,}/gi
const KEY_LIKE = /\b(?:sk|pk|rk|gsk|hf|key|xai|nvapi)[-_][\w*.-]{4,}/g
const USERINFO = /(\w+:\/\/)[^\s/]+@/g
const SECRET_NAME = /key|token|secret|signature|^sig$|pass(?:word|wd)?$|^pwd$|auth|credential/i
const PARAMETER = /([?&;]([\w.~%-]+)=)([^&;#\s"'<>]+)/g

// A long run of letters and digits says nothing to a person: it is a key, whatever its name.
const looksRandom = (value: string): boolean => value.length >= 20 && /\d/.test(value) && /[A-Za-z]/.test(value)

/** An address with what looks like a secret in it replaced: user, password, and parameters such as `?api-key=…`. */
export const withoutUrlSecrets = (text: string): string =>
  text
    .replace(USERINFO, `$1${MARK}@`)
    .replace(PARAMETER, (whole: string, start: string, name: string, value: string) =>
      SECRET_NAME.test(name) || looksRandom(value) ? `${start}${MARK}` : whole,
    )

/** The secrets in an address: those that `withoutUrlSecrets` replaces. */
export const urlSecrets = (url: string): string[] => {
  if (!URL.canParse(url)) return []
  const { password, searchParams } = new URL(url)
  const values = [...searchParams].flatMap(([name, value]) =>
    SECRET_NAME.test(name) || looksRandom(value) ? [value] : [],
  )
  return [...(password === '' ? [] : [decodeURIComponent(password)]), ...values]
}

/** Keys of a configuration whose value must never be shown, nor written. */
const SECRET_KEY = /^(?:.*[_-])?(?:api[_-]?key(?:[_-]env)?|secret|password|authorization|access[_-]?token|bearer)$/i

/** Characters of a value that are looked at, more than any message shows. */
const LOOKED_AT = 2000

/** A configuration's value for a message, as JSON, cut where it is long, unless it may hold a secret. */
export const shownValue = (key: string, value: unknown): string => {
  if (typeof value === 'string' && SECRET_KEY.test(key)) return 'something else (not shown: it may be a key)'
  if (typeof value === 'string' && value.includes('://') && value.includes('@'))
    return 'an address with a user or a password in it (not shown)'
  const shown = redactor([])(JSON.stringify(value).slice(0, LOOKED_AT))
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown
}

/** The path of the first text below `value` that a name marks as a secret, if any. */
export const secretIn = (value: unknown, path: readonly string[] = []): readonly string[] | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key]
    if (typeof inner === 'string' && SECRET_KEY.test(key) && !/[_-]env$/i.test(key)) return here
    const found = secretIn(inner, here)
    if (found) return found
  }
  return undefined
}

const replaced = (keys: readonly string[]): ((text: string) => string) => {
  const known = longestFirst(keys)
  const inData = withoutKeys(known)
  return (text) => withoutUrlSecrets(known.reduce((rest, key) => rest.replaceAll(key, MARK), inData(text)))
}

/** Replaces `keys`, and whatever looks like a key, in what a server says that a user will see. */
export const redactor = (keys: readonly string[]): ((text: string) => string) => {
  const known = replaced(keys)
  return (text) => known(text).replace(BEARER, `$1 ${MARK}`).replace(KEY_LIKE, MARK)
}

const kept = new Set<string>()

/** From now on these keys are replaced in every message of this process. */
export const keepSecret = (keys: readonly string[]): void => keys.forEach((key) => kept.add(key))

/** A message for the terminal without the secrets of this process. */
export const withoutSecrets = (text: string): string => replaced([...kept])(text)
