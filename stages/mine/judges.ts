// Judges of relevance: did the agent use what it opened?
import type { Config } from './config.ts'
import type { Context } from './io.ts'
import { judgeParameters } from '../../agents/judges/ask-all.ts'
import { relevancePrompts } from '../../agents/judges/relevance-judge.ts'
import { openModelJudge } from './by-model.ts'
import { earlierVerdicts } from './earlier.ts'
import type { RelevanceJudge } from './judge.ts'
import { labelKey, readLabels } from './labels.ts'
import { judgeByRules } from './rules.ts'

/** What `relevance.judge` says of a browse that the labels file does not mention; it counts as not relevant. */
export const UNLABELLED = 'unlabelled'

const rules: RelevanceJudge = {
  needsTexts: true,
  judge: async (browses, texts) =>
    browses.map(({ call: { reasoning, searched, docid } }) => {
      const documentText = texts.get(docid) ?? ''
      return { relevant: judgeByRules({ reasoning, query: searched, documentText }).relevant, judge: 'rules' }
    }),
}

const fromLabels = async (path: string): Promise<RelevanceJudge> => {
  const labels = await readLabels(path)
  return {
    needsTexts: false,
    judge: async (browses) =>
      browses.map(({ query_id, call }) => {
        const label = labels.get(labelKey(query_id, call.step, call.docid))
        return label === undefined ? { relevant: false, judge: UNLABELLED } : { relevant: label, judge: 'labels' }
      }),
  }
}

/** What of the configuration changes the verdicts of a model. */
export const modelParameters = ({ llm }: Config) => judgeParameters(llm, relevancePrompts)

/** The judge that the configuration names. */
export const openJudge = async ({ config, folder, signal }: Context): Promise<RelevanceJudge> => {
  const { relevance } = config.mine
  if (relevance === 'llm')
    return openModelJudge({ config, folder, signal, earlier: await earlierVerdicts(folder, modelParameters(config)) })
  return relevance === 'rules' ? rules : fromLabels(relevance.labels)
}
