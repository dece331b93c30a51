// Builds a session from what a format finds, in its order: pairs results with calls, and tells the answer from what was said before.
import type { Oddities, SessionEvent, ToolCall } from './session.ts'

interface CallDraft {
  readonly kind: 'call'
  call: ToolCall
}
type Draft = Exclude<SessionEvent, { kind: 'call' }> | CallDraft | { readonly kind: 'said'; readonly text: string }

export interface SessionBuilder {
  /** A new message begins: thoughts and words of one message are one thought. */
  turn(): void
  thought(text: string): void
  /** What the agent wrote outside of thoughts and calls: its answer, if it calls nothing after it; else a thought. */
  said(text: string): void
  answer(text: string): void
  other(type: string, text: string): void
  /** A call; `id` joins it with its result, wherever that stands. A second call of the same id is left out. */
  call(id: string | undefined, call: Omit<ToolCall, 'result'> & { readonly result?: unknown }): void
  /** The result of the call of that id; without an id, of the first call that has none yet. The first result stays. */
  result(id: string | undefined, result: unknown, documents?: unknown): void
  has(id: string): boolean
  /** Whether the call of that id has no result yet. */
  waits(id: string): boolean
  /** Gives a result that names no id to the first call of that tool that waits for one; false where none does. */
  adopt(name: string, result: unknown, documents?: unknown): boolean
  odd(reason: string): void
  finish(): { readonly events: readonly SessionEvent[]; readonly odd: Oddities }
}

export const sessionBuilder = (): SessionBuilder => {
  const drafts: Draft[] = []
  const turns: number[] = []
  let turn = 0
  const calls = new Map<string, CallDraft>()
  const waiting: CallDraft[] = []
  const odd = new Map<string, number>()
  const count = (reason: string): void => void odd.set(reason, (odd.get(reason) ?? 0) + 1)
  const push = (draft: Draft): void => {
    drafts.push(draft)
    turns.push(turn)
  }
  const written =
    (kind: 'thought' | 'said' | 'answer') =>
    (text: string): void => {
      if (text.trim() !== '') push({ kind, text })
    }

  return {
    turn: () => void (turn += 1),
    thought: written('thought'),
    said: written('said'),
    answer: written('answer'),
    other: (type, text) => void push({ kind: 'other', type, text }),
    odd: count,
    has: (id) => calls.has(id),
    waits: (id) => waiting.some((draft) => draft === calls.get(id)),
    adopt: (name, result, documents) => {
      const at = waiting.findIndex(({ call }) => call.name === name)
      const draft = waiting[at]
      if (draft === undefined) return false
      waiting.splice(at, 1)
      draft.call = { ...draft.call, result, ...(documents !== undefined && { documents }) }
      return true
    },
    call: (id, call) => {
      if (id !== undefined && calls.has(id)) return count('call-repeated')
      const draft: CallDraft = { kind: 'call', call: { ...call, result: call.result } }
      push(draft)
      if (id !== undefined) calls.set(id, draft)
      if (call.result === undefined) waiting.push(draft)
    },
    result: (id, result, documents) => {
      const draft = id === undefined ? waiting[0] : calls.get(id)
      if (draft === undefined) return count('result-without-call')
      const at = waiting.indexOf(draft)
      if (at >= 0) waiting.splice(at, 1)
      else if (draft.call.result !== undefined) return count('result-repeated')
      draft.call = { ...draft.call, result, ...(documents !== undefined && { documents }) }
    },
    finish: () => {
      for (const { call } of waiting)
        if (call.documents === undefined && call.docids === undefined) count('call-without-result')
      const last = drafts.findLastIndex((draft) => draft.kind !== 'thought' && draft.kind !== 'other')
      const events: SessionEvent[] = []
      let before = -1
      for (const [i, draft] of drafts.entries()) {
        const event: SessionEvent =
          draft.kind === 'said' ? { kind: i === last ? 'answer' : 'thought', text: draft.text } : draft
        const previous = events.at(-1)
        if (event.kind === 'thought' && previous?.kind === 'thought' && before === turns[i])
          events[events.length - 1] = { kind: 'thought', text: `${previous.text}\n\n${event.text}` }
        else events.push(event)
        before = turns[i] ?? -1
      }
      return { events, odd }
    },
  }
}
