// What the protocols of LLM agents share.
import { createHash } from 'node:crypto'
import { LlmError } from '../../pipeline/llm/errors.ts'
import { PolicyStop, type Task } from '../agent.ts'
import { STATE_INTRODUCTION } from '../prompts.ts'
import type { Sampling } from './settings.ts'

/** A model call whose failure ends the trajectory with the status that it deserves. */
export const orStop = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    if (error instanceof LlmError)
      throw new PolicyStop(error.kind === 'overflow' ? 'context-limit' : 'api-error', error.message)
    throw error
  }
}

/** A 31-bit seed for one turn. */
export const turnSeed = (seed: number, turn: number): number =>
  createHash('sha256').update(`${seed}/${turn}`).digest().readUInt32BE(0) >>> 1

/** Request fields of the sampling settings, in the chat API's names. */
export const samplingFields = (sampling: Sampling, seed: number, turn: number) => ({
  temperature: sampling.temperature,
  top_p: sampling.top_p,
  ...(sampling.presence_penalty === undefined ? {} : { presence_penalty: sampling.presence_penalty }),
  ...(sampling.send_seed ? { seed: turnSeed(seed, turn) } : {}),
})

/** The question as the first user message shows it, with the notes of earlier attempts if there are any. */
export const questionOf = ({ question, state }: Task): string =>
  state === undefined
    ? `Question: ${question}`
    : `Question: ${question}\n\n${STATE_INTRODUCTION}\n<notes>\n${state}\n</notes>`

/** Splits `<think>…</think>` (also when the template swallowed the opening tag) from the rest of a reply. */
export const splitThinking = (text: string): { readonly reasoning: string; readonly rest: string } => {
  const end = text.lastIndexOf('</think>')
  if (end !== -1)
    return {
      reasoning: text
        .slice(0, end)
        .replaceAll(/<\/?think>/g, '')
        .trim(),
      rest: text.slice(end + '</think>'.length).trim(),
    }
  return text.trimStart().startsWith('<think>')
    ? { reasoning: text.replace('<think>', '').trim(), rest: '' }
    : { reasoning: '', rest: text.trim() }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
