// Colour and width on a terminal: none where NO_COLOR is set, where output is piped, or where the terminal is dumb.
import { styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan'

/** Colours a text, or leaves it as it is. The text must be printable already. */
export type Paint = (style: Style, text: string) => string

interface Stream {
  readonly isTTY?: boolean
}

/** Whether what goes to the stream may be coloured: NO_COLOR and FORCE_COLOR as no-color.org and Node have them. */
export const isColoured = ({ isTTY }: Stream, env: Readonly<Record<string, string | undefined>>): boolean => {
  const { NO_COLOR: no = '', FORCE_COLOR: force } = env
  if (no !== '') return false
  if (force !== undefined) return force !== '0' && force !== 'false'
  return isTTY === true && env['TERM'] !== 'dumb'
}

export const painter = (stream: Stream, env: Readonly<Record<string, string | undefined>> = process.env): Paint => {
  const on = isColoured(stream, env)
  return (style, text) => (on ? styleText(style, text, { validateStream: false }) : text)
}

/** Marks and letters that a terminal may draw over two columns: from the Hangul letters on, but for a few signs. */
const isWide = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0
  return code >= 0x1100 && !(code >= 0x1e00 && code <= 0x2e7f)
}

/** Columns that a text takes at most. */
export const columnsOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + (isWide(character) ? 2 : 1), 0)

/** As much of a text as fits into so many columns. */
export const fit = (text: string, columns: number): string => {
  let used = 0
  let kept = ''
  for (const character of text) {
    used += isWide(character) ? 2 : 1
    if (used > columns) return kept
    kept += character
  }
  return kept
}
