// What the protocols of LLM agents share.
import { createHash } from 'node:crypto'
import type { Llm } from '../../pipeline/llm/client.ts'
import { LlmError } from '../../pipeline/llm/errors.ts'
import { PolicyStop, type Action, type Policy, type Task, type ToolCall } from '../agent.ts'
import { parseObject } from '../arguments.ts'
import { fill, type AgentSpec, type SamplingSpec } from '../spec.ts'

/** What a protocol has to know to take its turns at one question. */
export interface PolicyOptions {
  readonly llm: Llm
  readonly spec: AgentSpec
  readonly task: Task
  readonly quirks: Quirks
}
export type StartPolicy = (options: PolicyOptions) => Policy

/** What an agent has learnt about its server; shared by all its questions. */
export interface Quirks {
  /** It refuses requests that forbid tools. */
  refusesNone: boolean
}

/** A model call whose failure ends the trajectory with the status that it deserves. */
export const orStop = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    if (error instanceof LlmError)
      throw new PolicyStop(error.kind === 'overflow' ? 'context-limit' : 'api-error', error.message, error.status)
    throw error
  }
}

/** Sends a request that forbids tools, and once more without forbidding them where the server refuses that. */
export const withoutTools = async <T>(
  quirks: Quirks,
  final: boolean,
  send: (choice: 'none' | 'auto') => Promise<T>,
): Promise<T> => {
  if (!final || quirks.refusesNone) return send('auto')
  try {
    return await send('none')
  } catch (error) {
    if (!(error instanceof LlmError) || error.kind !== 'rejected') throw error
    const reply = await send('auto')
    quirks.refusesNone = true
    return reply
  }
}

/** A 31-bit seed for one turn. */
export const turnSeed = (seed: number, turn: number): number =>
  createHash('sha256').update(`${seed}/${turn}`).digest().readUInt32BE(0) >>> 1

const byTurn = (value: number | readonly number[], turn: number): number =>
  typeof value === 'number' ? value : (value[Math.min(turn, value.length - 1)] ?? 1)

/** Most tokens of a turn. */
export const maxTokensOf = ({ max_tokens }: SamplingSpec, turn: number): number => byTurn(max_tokens, turn)

/** Request fields of the sampling settings, in the chat API's names. */
export const samplingFields = (sampling: SamplingSpec, seed: number, turn: number) => ({
  ...(sampling.temperature === null ? {} : { temperature: sampling.temperature }),
  ...(sampling.top_p === null ? {} : { top_p: sampling.top_p }),
  ...(sampling.presence_penalty === null ? {} : { presence_penalty: sampling.presence_penalty }),
  ...(sampling.send_seed ? { seed: turnSeed(seed, turn) } : {}),
})

/** Fields that lie over ours: always, and in the turn after a cut reply. */
export const extraFields = ({ extra, after_cut }: SamplingSpec, wasCut: boolean): Readonly<Record<string, unknown>> =>
  wasCut ? { ...extra, ...after_cut } : extra

/** The question as the first user message shows it, with the notes of earlier attempts if there are any. */
export const questionOf = ({ user, notes }: AgentSpec, { question, state }: Task): string =>
  fill(user, { question }) + (state === undefined ? '' : fill(notes, { notes: state }))

/** Chat templates read the arguments of earlier calls as JSON: what is none would make every later turn fail. */
export const wellFormedArguments = (text: string): string => JSON.stringify(parseObject(text) ?? {})

/** Gives calls ids that are there and differ: a server may leave them out, or repeat them, and refuse them when they come back. */
export const createIds = (): ((given: string, turn: number, index: number) => string) => {
  const used = new Set<string>()
  return (given, turn, index) => {
    let id = given === '' || used.has(given) ? `call-${turn}-${index}` : given
    for (let again = 1; used.has(id); again += 1) id = `call-${turn}-${index}-${again}`
    used.add(id)
    return id
  }
}

export const toolNames = ({ toolset }: AgentSpec): string[] =>
  toolset.tools.flatMap(({ name, also }) => [name, ...also])

/** What is wrong with a turn that brought neither call nor answer; undefined if nothing is. */
export const problemOf = (
  { nudges }: AgentSpec,
  { broken, cut, empty }: { readonly broken: boolean; readonly cut: boolean; readonly empty: boolean },
): Pick<Action, 'problem' | 'why'> => {
  if (cut) return { problem: nudges.cut, why: 'a reply cut at its token limit' }
  if (broken) return { problem: nudges.call, why: 'a tool call that cannot be read' }
  return empty ? { problem: nudges.empty, why: 'a reply without call and answer' } : {}
}

/** Calls of text, with ids. */
export const withIds = (
  calls: readonly Omit<ToolCall, 'id'>[],
  turn: number,
  idOf: ReturnType<typeof createIds>,
): ToolCall[] => calls.map((call, index) => ({ id: idOf('', turn, index), ...call }))

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
