// A model judges the answer to a question: question, gold answers and final response in; yes or no out.
import { JUDGE, JUDGE_AGAIN, judgeMaterial } from './answer-prompts.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { askJudge, cutMiddle, type JudgeOutcome, type JudgeSettings } from './judge.ts'
import { decisionIn, fieldValues } from './verdict-text.ts'

export interface AnswerVerdict {
  readonly correct: boolean
  /** The final answer that the judge read out of the response. */
  readonly extracted: string
  readonly rationale: string
}

export interface AnswerQuestion {
  readonly question: string
  /** The gold answer and its aliases. */
  readonly answers: readonly string[]
  /** The agent's final response. */
  readonly response: string
}

/** Longer responses lose their middle: answers stand at the beginning or the end. */
const MAX_RESPONSE = 12_000

/** What the judge is told, in full: a verdict under other prompts is another verdict. */
export const judgePrompts: readonly string[] = [JUDGE, JUDGE_AGAIN]

/** What the judge gets to read. */
export const answerMaterial = ({ question, answers, response }: AnswerQuestion): string =>
  judgeMaterial(question, answers, cutMiddle(response, MAX_RESPONSE))

/** Reads the fields; undefined unless `correct` is yes or no, and only one of them. */
export const parseVerdict = (text: string): AnswerVerdict | undefined => {
  const correct = decisionIn(text, 'correct')
  if (correct === undefined) return undefined
  const last = (name: string): string => fieldValues(text, name).at(-1) ?? ''
  return { correct, extracted: last('extracted'), rationale: last('rationale') }
}

/** Asks about one answer. Errors: as `askJudge`. */
export const askAboutAnswer = (
  llm: Llm,
  settings: JudgeSettings,
  asked: AnswerQuestion,
  signal: AbortSignal,
): Promise<JudgeOutcome<AnswerVerdict>> =>
  askJudge(
    llm,
    settings,
    { instructions: JUDGE, material: answerMaterial(asked), again: JUDGE_AGAIN, parse: parseVerdict },
    signal,
  )
