// A model judges the answer to a question: question, gold answers and final response in; yes or no out.
import { JUDGE, JUDGE_AGAIN, judgeMaterial } from './answer-prompts.ts'
import type { Llm } from '../../pipeline/llm/client.ts'
import { askJudge, cutMiddle, type JudgeOutcome, type JudgeSettings } from './judge.ts'

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

const fieldIn = (text: string, name: string): string | undefined => {
  const found = [...text.matchAll(new RegExp(`^[*\\s]*${name}[*\\s]*:[*\\s]*(.*?)[*\\s]*$`, 'gim'))]
  return found.length === 1 ? found[0][1] : undefined
}

/** Reads the three lines; undefined unless each occurs exactly once and `correct` is yes or no. */
export const parseVerdict = (text: string): AnswerVerdict | undefined => {
  const [extracted, rationale, correct] = ['extracted', 'rationale', 'correct'].map((name) => fieldIn(text, name))
  if (extracted === undefined || rationale === undefined || !/^(yes|no)\.?$/i.test(correct ?? '')) return undefined
  return { correct: /^yes/i.test(correct ?? ''), extracted, rationale }
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
