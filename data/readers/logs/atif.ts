// ATIF, Harbor's interchange format of trajectories: steps with messages, reasoning, tool calls and observations.
import { isObject } from '../../../core/json.ts'
import { sessionBuilder } from './build.ts'
import type { LogFormat } from './format.ts'
import { contentText, goldsOf, idIn, idOf, objectIn, plainText, scoresOf, textIn } from './values.ts'

const stepsOf = (record: unknown): readonly unknown[] =>
  isObject(record) && Array.isArray(record['steps']) ? record['steps'] : []

export const atif: LogFormat = {
  summary: 'ATIF trajectories (Harbor)',
  refines: [],
  fits: (record) =>
    stepsOf(record).some((step) => isObject(step) && typeof step['source'] === 'string') &&
    isObject(record) &&
    (/^ATIF/i.test(plainText(record['schema_version'])) || isObject(record['agent'])),
  reading: {
    kind: 'sessions',
    session: (record, where) => {
      const steps = stepsOf(record)
      if (!isObject(record) || steps.length === 0) return { where, skip: 'no-steps', detail: 'no list `steps`' }
      const builder = sessionBuilder()
      let question = ''
      for (const step of steps) {
        if (!isObject(step)) {
          builder.odd('step-not-an-object')
          continue
        }
        const message = contentText(step['message'])
        if (step['source'] === 'user') question ||= message
        if (step['source'] === 'agent') {
          builder.turn()
          builder.thought(contentText(step['reasoning_content']))
          builder.said(message)
          const calls = Array.isArray(step['tool_calls']) ? (step['tool_calls'] as readonly unknown[]) : []
          for (const call of calls)
            if (isObject(call))
              builder.call(idOf(call['tool_call_id']), {
                name: plainText(call['function_name']),
                arguments: call['arguments'],
              })
            else builder.odd('call-not-an-object')
        }
        const results = objectIn(step, 'observation')['results']
        for (const result of Array.isArray(results) ? (results as readonly unknown[]) : [])
          if (isObject(result)) builder.result(idOf(result['source_call_id']), result['content'] ?? '')
          else builder.odd('result-not-an-object')
      }
      const { events, odd } = builder.finish()
      const agent = objectIn(record, 'agent')
      const extra = objectIn(record, 'extra')
      const totals = objectIn(record, 'final_metrics')
      const tokens = (name: string): number | null => (Number.isSafeInteger(totals[name]) ? Number(totals[name]) : null)
      return {
        where,
        odd,
        session: {
          id: idIn(record, 'trajectory_id', 'session_id') ?? where,
          queryId: idIn(extra, 'query_id', 'qid', 'task_id'),
          question: textIn(extra, 'question') ?? question,
          golds: goldsOf(extra),
          events,
          model: textIn(agent, 'model_name', 'model') ?? '',
          retriever: '',
          scores: scoresOf(extra),
          promptTokens: tokens('total_prompt_tokens'),
          completionTokens: tokens('total_completion_tokens'),
        },
      }
    },
  },
}
