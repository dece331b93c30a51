// Wires the LLM judge of answers to the stage: opens its model, keeps its verdicts in a journal.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Verdict } from '../../data/schemas.ts'
import { UserError } from '../../core/errors.ts'
import { openJournal } from '../../pipeline/journal.ts'
import { judgePrompts } from '../../agents/judges/answer-judge.ts'
import { answerRelevant } from '../../pipeline/llm/settings.ts'
import type { StageContext } from '../../pipeline/stage.ts'
import type { Config } from '../config.ts'
import { openLlm } from '../../pipeline/llm/open.ts'
import { judgeTrajectories } from './llm-judge.ts'

export interface ModelJudge {
  /** Verdicts on answered trajectories; `answers` is null where the question has no gold answer. */
  judge(
    rows: readonly {
      readonly trajectory_id: string
      readonly question: string
      readonly answer: string
      readonly answers: readonly string[] | null
    }[],
  ): Promise<Verdict[]>
  /** Removes the journal: all verdicts are in the table. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** What of the configuration changes the verdicts. */
export const judgeParameters = ({ judge, agent, verdicts }: Config['llm']): object => {
  const settings = judge ?? agent
  return { model: settings && answerRelevant(settings), verdicts, prompts: judgePrompts }
}

/** Errors: UserError when no model is configured; from `judge` also when the budget is spent (verdicts are kept). */
export const openModelJudge = async ({ config, folder, signal }: StageContext<Config>): Promise<ModelJudge> => {
  const llm = await openLlm(config, 'judge')
  const path = join(folder, 'journal.ndjson')
  const journal = await openJournal<Verdict>(path)
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await journal.close()
    llm.close()
  }
  return {
    close,
    judge: async (rows) => {
      const { keys, stopped } = await judgeTrajectories({
        trajectories: rows.map((row) => ({ ...row, answers: row.answers ?? [] })),
        llm,
        settings: config.llm.verdicts,
        exactMatchFirst: config.filter.exact_match_first,
        concurrency: llm.concurrency,
        journal,
        signal,
      })
      if (stopped)
        throw new UserError({
          where: 'llm.judge.budget',
          expected: 'enough to judge every answer',
          found: `a spent budget after ${journal.size} verdicts`,
          fix: 'The verdicts are kept: raise the budget and run the same command again.',
        })
      return Promise.all(keys.map((key) => journal.read(key)))
    },
    finish: async () => {
      await close()
      rmSync(path, { force: true })
    },
  }
}
