// The one order of ranked lists: best score first, equal scores by docid.
import type { Hit } from './searcher.ts'

/** Order of docids by code unit, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const compareHits = (a: Hit, b: Hit): number => b.score - a.score || compareText(a.docid, b.docid)

/**
 * The best k visible hits from a source that can be asked for its n best in any order of equals. It is asked for more
 * until all hits that tie with the k-th are seen, so the cut does not depend on the source's order of equals.
 */
export const cutTies = async (
  k: number,
  hidden: ReadonlySet<string> | undefined,
  best: (n: number) => Promise<readonly Hit[]>,
): Promise<Hit[]> => {
  if (k <= 0) return []
  for (let n = k + (hidden?.size ?? 0) + 16; ; n *= 4) {
    const found = await best(n)
    const visible = hidden ? found.filter(({ docid }) => !hidden.has(docid)) : [...found]
    visible.sort(compareHits)
    const cut = visible[k - 1]
    const last = found.reduce((least, { score }) => Math.min(least, score), Infinity)
    if (found.length < n || (cut !== undefined && last < cut.score)) return visible.slice(0, k)
  }
}
