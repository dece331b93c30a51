// Anthropic's messages, one conversation a record; and transcripts of the Claude Agent SDK, a message a line.
import { isObject, type Json } from '../../../core/json.ts'
import type { LogFormat, Piece } from './format.ts'
import { chatSession, turnsOf } from './openai.ts'
import { idOf, textIn } from './values.ts'

const BLOCKS = new Set(['thinking', 'redacted_thinking', 'tool_use', 'tool_result', 'server_tool_use'])

const hasBlocks = (turn: unknown): boolean => {
  const message = isObject(turn) && isObject(turn['message']) ? turn['message'] : turn
  const content = isObject(message) ? message['content'] : undefined
  return (
    Array.isArray(content) && content.some((block: unknown) => isObject(block) && BLOCKS.has(String(block['type'])))
  )
}

/** A line of a transcript: it names its session and, for messages, holds one. */
const isTranscriptLine = (record: unknown): record is Json =>
  isObject(record) &&
  typeof record['sessionId'] === 'string' &&
  ('uuid' in record || 'message' in record || 'type' in record)

/** Conversations of Anthropic's messages. */
export const anthropic: LogFormat = {
  summary: 'Anthropic messages with content blocks, one conversation a line',
  refines: ['openai'],
  fits: (record) => !isTranscriptLine(record) && (turnsOf(record)?.some(hasBlocks) ?? false),
  reading: {
    kind: 'sessions',
    session: (record, where) => {
      const turns = turnsOf(record)
      if (turns === undefined) return { where, skip: 'no-messages', detail: 'no list of messages' }
      return chatSession(isObject(record) ? record : {}, turns, where)
    },
  },
}

/** Lines that transcripts hold beside messages: titles, snapshots, queues. */
const piecesOf = (record: unknown): readonly Piece[] | { readonly skip: string; readonly detail: string } => {
  if (!isTranscriptLine(record)) return { skip: 'no-session', detail: 'a line without sessionId' }
  if (!isObject(record['message'])) return []
  const { message, uuid, timestamp } = record
  // A sub-agent's transcript is a session of its own.
  const agent = record['isSidechain'] === true ? (idOf(record['agentId']) ?? 'sidechain') : undefined
  const trace = agent === undefined ? String(record['sessionId']) : `${String(record['sessionId'])}/${agent}`
  return [{ trace, body: { message, uuid, timestamp } }]
}

export const claudeTranscript: LogFormat = {
  summary: 'transcripts of the Claude Agent SDK, a message a line',
  refines: ['openai', 'anthropic'],
  fits: isTranscriptLine,
  reading: {
    kind: 'pieces',
    pieces: piecesOf,
    join: (trace, bodies) => {
      const seen = new Set<string>()
      const turns = bodies.filter((body) => {
        const uuid = isObject(body) ? textIn(body, 'uuid') : undefined
        if (uuid === undefined) return true
        return !seen.has(uuid) && seen.add(uuid)
      })
      return chatSession({ session_id: trace }, turns, trace)
    },
  },
}
