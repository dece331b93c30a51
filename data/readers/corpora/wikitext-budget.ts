// Which pages of wikitext are parsed: a rule about their text, so that the same ones are left out on every machine.

/** Templates, links and tables within each other, or left open; articles need a dozen. */
const MOST_NESTED = 100
/** Steps of the parser, of which it makes some billions a second; large articles need some hundred millions. */
const MOST_STEPS = 4e9
/** What looking through the rest of a page costs beside comparing a line with itself, measured. */
const PAGE = 5

const OPENING = ['{{', '[[', '{|']
const brackets = /\{\{|\[\[|\{\||\}\}|\]\]|\|\}/g

const nestingOf = (wikitext: string): number => {
  let [depth, deepest] = [0, 0]
  for (const [found] of wikitext.matchAll(brackets)) {
    depth = OPENING.includes(found) ? depth + 1 : Math.max(0, depth - 1)
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

const countOf = (text: string, piece: string): number => text.split(piece).length - 1

/**
 * Whether a page can be parsed in bounded work. A line costs its length squared; what is opened and may have no end, a
 * comment, a link, bold text, is sought through the whole page.
 */
export const isWithinBudget = (wikitext: string): boolean => {
  if (nestingOf(wikitext) > MOST_NESTED) return false
  let [squares, sought] = [0, Math.max(0, countOf(wikitext, '<!--') - countOf(wikitext, '-->'))]
  for (const line of wikitext.split('\n')) {
    squares += line.length ** 2
    sought += (countOf(line, "''") % 2) + countOf(line, '[http')
  }
  return squares + PAGE * sought * wikitext.length <= MOST_STEPS
}
