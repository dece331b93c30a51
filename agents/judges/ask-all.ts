// The one wiring of models that judge: their client, a journal of their verdicts, and many questions at once.
import { rmSync } from 'node:fs'
import { UserError } from '../../core/errors.ts'
import { runItems, type ItemProgress } from '../../pipeline/items.ts'
import { openJournal, type Journal } from '../../pipeline/journal.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { BudgetSpent } from '../../pipeline/llm/errors.ts'
import { openLlm, type LlmRoles } from '../../pipeline/llm/open.ts'
import { answerRelevant } from '../../pipeline/llm/settings.ts'
import { judgeIdentity, type JudgeSettings } from './judge.ts'

/** The part of a configuration that judges read. */
export interface JudgeRoles extends LlmRoles {
  readonly llm: LlmRoles['llm'] & { readonly verdicts: JudgeSettings }
}

/** What of the configuration changes the verdicts: the model, how it is asked, and the texts it is asked with. */
export const judgeParameters = (
  { judge, agent, verdicts }: JudgeRoles['llm'],
  prompts: readonly string[],
): { readonly model: unknown; readonly verdicts: unknown; readonly prompts: readonly string[] } => {
  const settings = judge ?? agent
  return { model: settings && answerRelevant(settings), verdicts: judgeIdentity(verdicts), prompts }
}

export interface AskAllOptions<I, V> {
  readonly items: readonly I[]
  /** Names what is asked: equal names are asked once, over restarts too. */
  readonly key: (item: I) => string
  readonly ask: (item: I, signal: AbortSignal) => Promise<V>
  /** Verdicts at once; the endpoints' own limits bound the calls. */
  readonly concurrency: number
  readonly journal: Journal<V>
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ItemProgress) => void
}

export interface AskedAll<V> {
  /** One an item, in their order. */
  readonly verdicts: readonly V[]
  /** Items that were asked about now. */
  readonly fresh: number
}

/** Asks about every item that the journal lacks. Errors: UserError when the budget is spent; the verdicts so far are kept. */
export const askAll = async <I, V>({
  items,
  key,
  ask,
  concurrency,
  journal,
  signal,
  onProgress,
}: AskAllOptions<I, V>): Promise<AskedAll<V>> => {
  const { fresh, stopped } = await runItems<I, V>({
    items,
    key,
    concurrency,
    work: ask,
    journal,
    signal,
    stops: (error) => error instanceof BudgetSpent,
    ...(onProgress && { onProgress }),
  })
  if (stopped)
    throw new UserError({
      where: 'llm.judge.budget',
      expected: `enough for all ${items.length} verdicts`,
      found: `a spent budget after ${journal.size} verdicts`,
      fix: 'The verdicts are kept: raise the budget and run the same command again.',
    })
  return { verdicts: await Promise.all(items.map((item) => journal.read(key(item)))), fresh }
}

export interface JudgeModel<V> {
  readonly llm: Llm
  readonly settings: JudgeSettings
  readonly journal: Journal<V>
  askAll<I>(options: Pick<AskAllOptions<I, V>, 'items' | 'key' | 'ask' | 'onProgress'>): Promise<AskedAll<V>>
  /** Closes model and journal; `drop` removes the journal, for verdicts that stand in a table by then. */
  close(journal: 'keep' | 'drop'): Promise<void>
}

interface JudgeModelOptions {
  readonly config: JudgeRoles
  /** Path of the journal. */
  readonly journal: string
  readonly signal: AbortSignal
}

/** Opens the model under `llm.judge` with its journal. Errors: UserError when none is configured. */
export const openJudgeModel = async <V>({
  config,
  journal: path,
  signal,
}: JudgeModelOptions): Promise<JudgeModel<V>> => {
  const llm = await openLlm(config, 'judge')
  const journal = await openJournal<V>(path)
  let isOpen = true
  return {
    llm,
    settings: config.llm.verdicts,
    journal,
    askAll: (options) => askAll({ ...options, concurrency: llm.concurrency, journal, signal }),
    close: async (then) => {
      if (!isOpen) return
      isOpen = false
      await journal.close()
      llm.close()
      if (then === 'drop') rmSync(path, { force: true })
    },
  }
}
