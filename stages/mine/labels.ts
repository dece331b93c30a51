// Relevance labels given in a file: JSONL of {query_id, step, docid, satisfied}.
import { readJsonLines } from '../../data/readers/lines.ts'
import { UserError } from '../../core/errors.ts'

/** Labels by `labelKey`. */
export type Labels = ReadonlyMap<string, boolean>

/** `step` is the index of the browse call among the trajectory's steps. */
export const labelKey = (queryId: string, step: number, docid: string): string => `${queryId}\t${step}\t${docid}`

/** Errors: UserError naming the line that lacks a key or contradicts an earlier one. */
export const readLabels = async (path: string): Promise<Labels> => {
  const labels = new Map<string, boolean>()
  for await (const lines of readJsonLines(path))
    for (const { value, number } of lines) {
      const { query_id, step, docid, satisfied } = (value ?? {}) as Record<string, unknown>
      const valid =
        (typeof query_id === 'string' || typeof query_id === 'number') &&
        typeof step === 'number' &&
        (typeof docid === 'string' || typeof docid === 'number') &&
        typeof satisfied === 'boolean'
      const fault = (found: string): UserError =>
        new UserError({
          where: `${path}, line ${number}`,
          expected: '{"query_id", "step": number, "docid", "satisfied": true or false}',
          found,
          fix: 'Correct the labels file.',
        })
      if (!valid) throw fault(JSON.stringify(value).slice(0, 120))
      const key = labelKey(String(query_id), step, String(docid))
      if (labels.has(key) && labels.get(key) !== satisfied) throw fault('a label that contradicts an earlier line')
      labels.set(key, satisfied)
    }
  return labels
}
