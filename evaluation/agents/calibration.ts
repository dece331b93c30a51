// How far an agent's stated confidence is from how often it is right.

export interface Stated {
  /** In [0, 1]. */
  readonly confidence: number
  readonly correct: boolean
}

const STATED =
  /confidence(?:\s+(?:score|level))?[*_\s]*[:：=][*_\s~≈{[(]*(?:about\s+|around\s+)?(\d+(?:\.\d+)?)\s*(%?)/gi

/**
 * The last "Confidence: 85%" of a response, as a share; "0.85", without a percent sign, is one already. Undefined where it
 * states none between 0 and 100.
 */
export const statedConfidence = (response: string): number | undefined => {
  const [, digits, sign] = [...response.matchAll(STATED)].at(-1) ?? []
  if (digits === undefined) return undefined
  const number = Number(digits)
  const percent = sign === '' && digits.includes('.') && number <= 1 ? 100 * number : number
  return percent <= 100 ? percent / 100 : undefined
}

/**
 * Root mean square calibration error (Hendrycks et al. 2019) in [0, 1]: answers are ordered by confidence and cut into
 * bins of `binSize`, the last taking the remainder; each bin's difference of mean confidence and accuracy is squared
 * and weighted by its size. Undefined with fewer answers than a bin. With `dropLast` the last bin adds nothing, as in the
 * script released with BrowseComp-Plus, whose numbers are comparable only to such.
 */
export const calibrationError = (
  answers: readonly Stated[],
  { binSize = 100, dropLast = false } = {},
): number | undefined => {
  const bins = Math.floor(answers.length / binSize)
  if (bins === 0) return undefined
  const sorted = [...answers].sort((a, b) => a.confidence - b.confidence)
  let sum = 0
  for (let bin = 0; bin < (dropLast ? bins - 1 : bins); bin++) {
    const members = sorted.slice(bin * binSize, bin === bins - 1 ? undefined : (bin + 1) * binSize)
    const excess = members.reduce((total, { confidence, correct }) => total + confidence - Number(correct), 0)
    sum += (members.length / answers.length) * (excess / members.length) ** 2
  }
  return Math.sqrt(sum)
}
