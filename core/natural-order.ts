// The order in which people number files: 1, 4, 11 and not 1, 11, 4.

const digits = /\d+/g

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compareNumbers = (a: string, b: string): number => {
  const [short, long] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return short.length - long.length || compareText(short, long)
}

/** Compares names with their runs of digits taken as numbers. A total order that depends on no locale. */
export const compareNaturally = (a: string, b: string): number => {
  const numbersA = a.match(digits) ?? []
  const numbersB = b.match(digits) ?? []
  const textsA = a.split(digits)
  const textsB = b.split(digits)
  for (let i = 0; i < textsA.length && i < textsB.length; i++) {
    const byText = compareText(textsA[i] ?? '', textsB[i] ?? '')
    if (byText !== 0) return byText
    const byNumber = compareNumbers(numbersA[i] ?? '', numbersB[i] ?? '')
    if (byNumber !== 0) return byNumber
  }
  return textsA.length - textsB.length || compareText(a, b)
}
