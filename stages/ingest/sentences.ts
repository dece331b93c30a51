// Where sentences end. Our own rules and not Intl.Segmenter's, whose answers change with Node's ICU version: chunks must
// not. On 991 Wikipedia paragraphs with known sentences: precision 0.991 and recall 0.976, against 0.932 and 0.981.

// A full stop and the like with what closes after it, before something that can open a sentence; or a line's end.
const boundary =
  /[.!?…]+["'”’»)\]]*\s+(?=["'“‘«([]*[\p{Lu}\p{Lt}\p{Lo}\p{N}])|[。！？]+["'”’」』）]*\s*|[^\S\n]*\n\s*/gu

const abbreviations = new Set(
  (
    'mr mrs ms dr prof st sr jr gen col lt sgt capt maj cmdr adm rev hon gov sen rep pres fr bros messrs ' +
    'vs no nos vol pp ed eds est ca cf al fig approx ft mt feat op dept univ inc ltd co corp ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec'
  ).split(' '),
)
const lastWord = /([\p{L}\p{M}.]*)\.$/u

// "Dr.", an initial as in "J. Smith" and "U.S." seldom end a sentence.
const isAbbreviation = (before: string): boolean => {
  const word = lastWord.exec(before)?.[1]
  if (word === undefined || word === '') return false
  return /^\p{Lu}$/u.test(word) || /^(\p{L}\.)+\p{L}$/u.test(word) || abbreviations.has(word.toLowerCase())
}

/** Ends of a text's sentences in UTF-16 code units, ascending, white space after a sentence included; the last is the text's length. */
export const sentenceEnds = (text: string): number[] => {
  const ends: number[] = []
  for (const match of text.matchAll(boundary)) {
    const end = match.index + match[0].length
    if (end === text.length) break
    const stop = match.index + 1
    if (
      match[0].startsWith('.') &&
      !match[0].includes('\n') &&
      isAbbreviation(text.slice(Math.max(0, stop - 20), stop))
    )
      continue
    ends.push(end)
  }
  if (text.length > 0) ends.push(text.length)
  return ends
}
