// Wires the LLM judge of relevance to the stage: opens its model, keeps its verdicts in a journal.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openJournal } from '../../pipeline/journal.ts'
import { answerRelevant } from '../../pipeline/llm/settings.ts'
import type { StageContext } from '../../pipeline/stage.ts'
import type { Config } from '../config.ts'
import { openLlm } from '../../pipeline/llm/open.ts'
import type { RelevanceJudge } from './judge.ts'
import { judgeRelevance, type RelevanceVerdict } from './llm.ts'
import { RELEVANCE, RELEVANCE_AGAIN } from './llm-prompts.ts'

/** What of the configuration changes the verdicts. */
export const judgeParameters = ({ judge, agent, verdicts }: Config['llm']): object => {
  const settings = judge ?? agent
  return { model: settings && answerRelevant(settings), verdicts, prompts: [RELEVANCE, RELEVANCE_AGAIN] }
}

/** Errors: UserError when no model is configured; from `judge` also when the budget is spent (verdicts are kept). */
export const openModelJudge = async ({ config, folder, signal }: StageContext<Config>): Promise<RelevanceJudge> => {
  const llm = await openLlm(config, 'judge')
  const path = join(folder, 'journal.ndjson')
  const journal = await openJournal<RelevanceVerdict>(path)
  return {
    needsTexts: false,
    judge: (browses) =>
      judgeRelevance(
        browses.map(({ call: { searched, reasoning } }) => ({ searched, reasoning })),
        { llm, settings: config.llm.verdicts, concurrency: llm.concurrency, journal, signal },
      ),
    close: async (done) => {
      await journal.close()
      llm.close()
      if (done) rmSync(path, { force: true })
    },
  }
}
