// What a corpus must hold before anything is built on it.
import { documents } from '../../data/schemas.ts'
import { all, connect, parquet } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import type { Context } from './io.ts'

/** The number of documents. Errors: UserError when there is none, or when two share an id. */
export const checkCorpus = async (context: Context, where: string): Promise<number> => {
  const parts = context.written(documents)
  const connection = await connect({ spill: context.scratch })
  try {
    const from = parts.length === 0 ? '(SELECT NULL AS docid WHERE false)' : parquet(parts)
    const [{ n }] = await all<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${from}`)
    if (n === 0n)
      throw new UserError({
        where,
        expected: 'a corpus with at least one document',
        found: 'none',
        fix: 'Correct corpus.path or corpus.format.',
      })
    const twice = await all<{ docid: string; times: bigint }>(
      connection,
      `SELECT docid, count(*) AS times FROM ${from} GROUP BY docid HAVING count(*) > 1 ORDER BY docid LIMIT 5`,
    )
    if (twice.length > 0)
      throw new UserError({
        where,
        expected: 'every document to have an id of its own',
        found: twice.map(({ docid, times }) => `'${docid}' ${times} times`).join(', '),
        fix: 'Give each chunk its own id, or remove the copies.',
      })
    return Number(n)
  } finally {
    connection.closeSync()
  }
}
