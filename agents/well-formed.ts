// Lone surrogates: halves of characters that models and cut texts leave behind, and that servers refuse.

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

export interface Cleaner {
  /** The text with every lone surrogate replaced by U+FFFD. */
  clean(text: string): string
  /** The same in every text of a JSON value. */
  cleanAll<T>(value: T): T
  /** Characters replaced so far. */
  readonly replaced: () => number
}

const isClean = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.isWellFormed()
    : typeof value !== 'object' || value === null || Object.values(value).every(isClean)

export const createCleaner = (): Cleaner => {
  let replaced = 0
  const clean = (text: string): string => {
    if (text.isWellFormed()) return text
    replaced += text.match(LONE)?.length ?? 0
    return text.toWellFormed()
  }
  const cleanValue = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value)
    if (Array.isArray(value)) return value.map(cleanValue)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cleanValue(inner)]))
  }
  return {
    clean,
    // Most values hold none, and stay what they are.
    cleanAll: <T>(value: T): T => (isClean(value) ? value : (cleanValue(value) as T)),
    replaced: () => replaced,
  }
}
