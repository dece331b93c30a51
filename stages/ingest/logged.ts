// A corpus made of the documents that imported logs show.
import { UserError } from '../../core/errors.ts'
import type { Article, OnDrop } from '../../data/readers/corpora/article.ts'
import { seenCorpus } from '../../data/readers/logs/corpus.ts'
import { openLogs } from '../../data/readers/logs/open.ts'
import { documentsSeen, readSession, type SeenDocument } from '../../data/readers/logs/trajectory.ts'
import type { Config } from './config.ts'

/** Each document once, in the order of first sight. Errors: UserError where no logs are imported. */
export async function* readLoggedArticles(
  { trajectories: { import: path, format, tools } }: Config,
  scratch: string,
  onDrop: OnDrop,
): AsyncGenerator<Article> {
  if (path === undefined)
    throw new UserError({
      where: 'corpus.format',
      expected: 'logs to take the documents from',
      found: 'none',
      fix: 'Set trajectories.import, or corpus.path for a corpus of your own.',
    })
  async function* seen(logs: string): AsyncGenerator<readonly SeenDocument[]> {
    for await (const record of (await openLogs(logs, { format, scratch })).sessions)
      if ('session' in record) yield documentsSeen(readSession(record.session, tools), tools)
      else onDrop(`session of the logs not read: ${record.skip}`, record.where)
  }
  for await (const documents of seenCorpus(seen(path), scratch))
    for (const { docid, title, text } of documents) yield { id: docid, title, text }
}
