// Where things are in a JSON text: the first character at fault, and the values of an object as they are written.

export interface JsonPlaces {
  /** Index of the first character that JSON does not allow there; undefined where the text is one whole JSON value. */
  readonly fault: number | undefined
  /** The outermost object's values by key: index of the first character, and of the one after the last. */
  readonly fields: ReadonlyMap<string, readonly [start: number, end: number]>
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'comma or end'

const space = /[ \t\n\r]*/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const escape = /["\\/bfnrt]|u[\da-fA-F]{4}/y

// Regular expressions over whole strings would recurse; megabytes of text must not.
const endOfString = (text: string, start: number): { end: number; isWhole: boolean } => {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { end: at + 1, isWhole: true }
    if (code < 0x20) return { end: at, isWhole: false }
    if (code !== 0x5c) continue
    escape.lastIndex = at + 1
    if (!escape.test(text)) return { end: at + 1, isWhole: false }
    at = escape.lastIndex - 1
  }
  return { end: text.length, isWhole: false }
}

/** Walks through a text as JSON's grammar has it, whatever its depth. */
export const scanJson = (text: string): JsonPlaces => {
  const fields = new Map<string, readonly [number, number]>()
  const open: ('{' | '[')[] = []
  let at = 0
  let key = ''
  let start = 0
  let expected = 'value' as Expected
  const found = (fault: number | undefined): JsonPlaces => ({ fault, fields })
  const valueEnded = (): void => {
    if (open.length === 1 && open[0] === '{') fields.set(key, [start, at])
    expected = 'comma or end'
  }
  for (;;) {
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
    const character = text.charAt(at)
    const within = open.at(-1)
    if (expected === 'comma or end') {
      if (within === undefined) return found(at === text.length ? undefined : at)
      if (character === ',') {
        expected = within === '{' ? 'key' : 'value'
        at += 1
      } else if (character === (within === '{' ? '}' : ']')) {
        open.pop()
        at += 1
        valueEnded()
      } else return found(at)
    } else if (expected === 'key' || expected === 'key or }') {
      if (character === '}' && expected === 'key or }') {
        open.pop()
        at += 1
        valueEnded()
        continue
      }
      if (character !== '"') return found(at)
      const { end, isWhole } = endOfString(text, at)
      if (!isWhole) return found(end)
      if (open.length === 1) key = JSON.parse(text.slice(at, end)) as string
      space.lastIndex = end
      space.test(text)
      if (text.charAt(space.lastIndex) !== ':') return found(space.lastIndex)
      at = space.lastIndex + 1
      expected = 'value'
    } else {
      if (open.length === 1) start = at
      if (character === '{' || character === '[') {
        open.push(character)
        at += 1
        expected = character === '{' ? 'key or }' : 'value or ]'
      } else if (character === ']' && expected === 'value or ]') {
        open.pop()
        at += 1
        valueEnded()
      } else if (character === '"') {
        const { end, isWhole } = endOfString(text, at)
        if (!isWhole) return found(end)
        at = end
        valueEnded()
      } else {
        scalar.lastIndex = at
        if (!scalar.test(text)) return found(at)
        at = scalar.lastIndex
        valueEnded()
      }
    }
  }
}
