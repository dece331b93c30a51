// Text with tags, as ReAct agents write it: <think>, <tool_call>, <tool_response>, <answer>; and the formats made of it.
import { jsonrepair } from 'jsonrepair'
import { isObject, type Json } from '../../../core/json.ts'
import { sessionBuilder, type SessionBuilder } from './build.ts'
import { firstQuestion } from './chat.ts'
import type { LogFormat } from './format.ts'
import type { Session } from './session.ts'
import { contentText, decoded, goldsOf, idIn, plainText, scoresOf, textIn } from './values.ts'

// A thought may speak of tags; only one that is never closed ends where a call or an answer begins.
const TAG =
  /<(think)>([^]*?)<\/think>|<(think|tool_call|tool_response|answer)>([^]*?)(?:<\/\3>|(?=\n\s*<(?:tool_call|answer)>)|$)/g

/** The call that a tag holds: JSON, JSON with slips, or the XML of some models. */
const callIn = (text: string): { readonly name: string; readonly arguments: unknown } | undefined => {
  const xml = /<function=([^>\s]+)>([^]*)/.exec(text)
  if (xml !== null)
    return {
      name: xml[1] ?? '',
      arguments: Object.fromEntries(
        Array.from((xml[2] ?? '').matchAll(/<parameter=([^>\s]+)>\s*([^]*?)\s*<\/parameter>/g), ([, name, value]) => [
          name ?? '',
          value ?? '',
        ]),
      ),
    }
  for (const read of [JSON.parse, (json: string) => JSON.parse(jsonrepair(json)) as unknown])
    try {
      const value: unknown = read(text)
      if (isObject(value) && typeof value['name'] === 'string')
        return { name: value['name'], arguments: value['arguments'] ?? value['parameters'] ?? {} }
    } catch {
      // The next reading.
    }
  return undefined
}

/** An assistant's text into the builder; words outside of tags are thoughts, or the answer if nothing follows them. */
export const addTagged = (builder: SessionBuilder, text: string): void => {
  builder.turn()
  let at = 0
  // Many chat templates open the thought, so that the text begins within it.
  const close = text.indexOf('</think>')
  const open = text.indexOf('<think>')
  if (close >= 0 && (open < 0 || open > close)) {
    builder.thought(text.slice(0, close).trim())
    at = close + '</think>'.length
  }
  const base = at
  for (const match of text.slice(base).matchAll(TAG)) {
    const start = base + match.index
    builder.said(text.slice(at, start).trim())
    at = start + match[0].length
    const tag = match[1] ?? match[3]
    const inner = match[2] ?? match[4] ?? ''
    if (tag === 'think') builder.thought(inner.trim())
    else if (tag === 'answer') builder.answer(inner.trim())
    else if (tag === 'tool_response') builder.result(undefined, inner.trim())
    else {
      const call = callIn(inner.trim())
      if (call === undefined) {
        builder.odd('call-unreadable')
        builder.other('tool_call_unreadable', inner.trim())
      } else builder.call(undefined, call)
    }
  }
  builder.said(
    text
      .slice(at)
      .replaceAll(/<\/(?:think|tool_call|tool_response|answer)>/g, '')
      .trim(),
  )
}

const messagesOf = (record: unknown): readonly Json[] => {
  const list = isObject(record) ? decoded(record['messages']) : undefined
  return Array.isArray(list) ? list.filter(isObject) : []
}

const RESPONSE = /^\s*<tool_response>\n?([^]*?)\n?<\/tool_response>\s*$/

/** Tongyi DeepResearch's and WebExplorer's own form. */
export const tongyi: LogFormat = {
  summary: 'ReAct text with <think>, <tool_call>, <tool_response> tags (Tongyi DeepResearch, WebExplorer)',
  refines: ['openai'],
  fits: (record) =>
    messagesOf(record).some(
      ({ role, content, tool_calls }) =>
        role === 'assistant' && tool_calls === undefined && /<tool_call>|<answer>/.test(contentText(content)),
    ),
  reading: {
    kind: 'sessions',
    session: (record, where) => {
      const messages = messagesOf(record)
      if (!isObject(record) || messages.length === 0)
        return { where, skip: 'no-messages', detail: 'no list `messages`' }
      const builder = sessionBuilder()
      for (const { role, content } of messages) {
        const text = contentText(content)
        if (role === 'assistant') addTagged(builder, text)
        else if (role === 'user' || role === 'tool') {
          // One block a call; a single one is taken whole, since pages may themselves hold such tags.
          const blocks = text.split(/<\/tool_response>\s*<tool_response>/)
          const whole = RESPONSE.exec(text)?.[1]
          if (whole === undefined) continue
          if (blocks.length === 1) builder.result(undefined, whole)
          else for (const block of blocks) builder.result(undefined, block.replaceAll(/<\/?tool_response>/g, '').trim())
        }
      }
      const { events, odd } = builder.finish()
      const termination = textIn(record, 'termination')
      const prediction = textIn(record, 'prediction')
      const session: Session = {
        id: idIn(record, 'session_id', 'id', 'query_id', 'qid') ?? where,
        queryId: idIn(record, 'query_id', 'qid'),
        question: textIn(record, 'question', 'query') ?? firstQuestion(messages),
        golds: goldsOf(record, 'answer', 'answers'),
        events,
        // How it ended in the reference's own words: "answer", "exceed available llm calls" …
        status:
          termination === undefined
            ? undefined
            : /^(answer|answered|generate an answer.*)$/.test(termination)
              ? 'completed'
              : termination,
        answer: prediction,
        model: textIn(record, 'model') ?? '',
        retriever: '',
        scores: scoresOf(record),
        promptTokens: null,
        completionTokens: null,
      }
      return { where, session, odd }
    },
  },
}

/** Rollouts of Search-R1 and of verl with its tags: everything in one text. */
export const searchR1: LogFormat = {
  summary: 'rollouts with <search> and <information> tags in one text (Search-R1, verl)',
  refines: [],
  fits: (record) =>
    isObject(record) &&
    typeof record['output'] === 'string' &&
    /<search>|<answer>/.test(record['output']) &&
    ('input' in record || 'prompt' in record || 'score' in record),
  reading: {
    kind: 'sessions',
    session: (record, where) => {
      if (!isObject(record) || typeof record['output'] !== 'string')
        return { where, skip: 'no-output', detail: 'no text `output`' }
      const builder = sessionBuilder()
      const text = record['output']
      let at = 0
      for (const match of text.matchAll(/<(think|search|information|answer)>([^]*?)(?:<\/\1>|$)/g)) {
        builder.turn()
        builder.thought(
          text
            .slice(at, match.index)
            .replaceAll(/<\/?(?:think|search|information|answer)>/g, '')
            .trim(),
        )
        at = match.index + match[0].length
        const [, tag, inner = ''] = match
        const body = inner.trim()
        if (tag === 'think') builder.thought(body)
        else if (tag === 'search') builder.call(undefined, { name: 'search', arguments: { query: body } })
        else if (tag === 'information') builder.result(undefined, body)
        else builder.answer(body)
      }
      const { events, odd } = builder.finish()
      if (events.length === 0) return { where, skip: 'no-tags', detail: 'no <think>, <search> or <answer> in `output`' }
      const input = contentText(record['input'] ?? record['prompt'])
      const session: Session = {
        id: idIn(record, 'id', 'uid', 'index') ?? where,
        queryId: idIn(record, 'query_id', 'qid', 'index'),
        question: textIn(record, 'question') ?? questionIn(input),
        golds: goldsOf(record),
        events,
        model: plainText(record['model']),
        retriever: '',
        scores: scoresOf(record),
        promptTokens: null,
        completionTokens: null,
      }
      return { where, session, odd }
    },
  },
}

/** The question of a prompt: what follows its last "Question:", up to the turn's end; else all of it. */
const questionIn = (prompt: string): string => {
  const found = [...prompt.matchAll(/Question:\s*([^]*?)(?:<\|im_end\|>|<\|eot_id\|>|\n(?:assistant|<\|)|$)/g)].at(
    -1,
  )?.[1]
  return (found ?? prompt).trim()
}
