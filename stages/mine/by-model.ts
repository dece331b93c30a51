// Relevance by a model, with what an earlier result of the same judge already says.
import { join } from 'node:path'
import { openJudgeModel, type JudgeRoles } from '../../agents/judges/ask-all.ts'
import {
  askAboutReasoning,
  asUndecided,
  reasoningKey,
  type RelevanceVerdict,
} from '../../agents/judges/relevance-judge.ts'
import type { EarlierVerdicts } from './earlier.ts'
import type { RelevanceJudge } from './judge.ts'

interface ModelJudgeOptions {
  readonly config: JudgeRoles
  /** The stage's folder: the journal lies there. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly earlier: EarlierVerdicts
}

/** Errors: UserError when no model is configured; from `judge` also when the budget is spent (verdicts are kept). */
export const openModelJudge = async ({
  config,
  folder,
  signal,
  earlier,
}: ModelJudgeOptions): Promise<RelevanceJudge> => {
  const model = await openJudgeModel<RelevanceVerdict>({ config, journal: join(folder, 'journal.ndjson'), signal })
  return {
    needsTexts: false,
    judge: async (browses) => {
      const known = browses.map((browse): RelevanceVerdict | undefined =>
        browse.call.reasoning.trim() === '' ? { relevant: false, judge: 'no-reasoning' } : earlier.of(browse),
      )
      const items = browses.flatMap(({ call: { searched, reasoning } }, at) =>
        known[at] === undefined ? [{ searched, reasoning }] : [],
      )
      const { verdicts } = await model.askAll({
        items,
        key: reasoningKey,
        ask: (item, inner) => askAboutReasoning(model.llm, model.settings, item, inner),
      })
      const asked = verdicts.values()
      return known.map((verdict) => asUndecided(verdict ?? asked.next().value ?? { relevant: null, judge: '' }))
    },
    close: (done) => model.close(done ? 'drop' : 'keep'),
  }
}
