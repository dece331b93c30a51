// Both directions of the OpenAI protocol, as far as our agents and judges use it.

export interface FakeCall {
  readonly name: string
  /** An object, or text that is sent as it is. */
  readonly arguments: object | string
}

/** What a scripted model says; the server writes it in the protocol of the request. */
export interface FakeReply {
  readonly reasoning?: string
  readonly content?: string
  readonly calls?: readonly FakeCall[]
  readonly finish?: 'stop' | 'length'
}

export interface FakeRequest {
  readonly protocol: 'tools' | 'react' | 'responses' | 'plain'
  readonly system: string
  /** The first user message. */
  readonly question: string
  /** Assistant turns so far. */
  readonly turns: number
  /** Text of the last message. */
  readonly last: string
  readonly body: Readonly<Record<string, unknown>>
}

interface WireMessage {
  readonly role?: string
  readonly type?: string
  readonly content?: string | null
  readonly output?: string
}

const isTurn = ({ role, type }: WireMessage): boolean => role === 'assistant' || type === 'function_call'

export const readRequest = (path: string, body: Readonly<Record<string, unknown>>): FakeRequest => {
  const isResponses = path.endsWith('/responses')
  const messages = (isResponses ? body['input'] : body['messages']) as readonly WireMessage[]
  const system = isResponses ? String(body['instructions']) : messages[0].role === 'system' ? messages[0].content : ''
  const last = messages[messages.length - 1]
  return {
    protocol: isResponses
      ? 'responses'
      : body['tools'] !== undefined
        ? 'tools'
        : body['stop'] !== undefined
          ? 'react'
          : 'plain',
    system: system ?? '',
    question: messages.find((message) => message.role === 'user')?.content ?? '',
    turns: messages.reduce((count, message) => count + (isTurn(message) ? 1 : 0), 0),
    last: last.content ?? last.output ?? '',
    body,
  }
}

const argumentsOf = ({ arguments: given }: FakeCall): string =>
  typeof given === 'string' ? given : JSON.stringify(given)

const reactText = ({ reasoning = '', content, calls = [] }: FakeReply): string => {
  const think = `<think>${reasoning}</think>\n`
  if (calls.length === 0) return `${think}<answer>${content ?? ''}</answer>`
  return `${think}<tool_call>\n{"name": ${JSON.stringify(calls[0].name)}, "arguments": ${argumentsOf(calls[0])}}\n</tool_call>`
}

/** The reply's body. Token counts are made up from lengths, so that they are the same for the same conversation. */
export const writeReply = (request: FakeRequest, reply: FakeReply, requestLength: number): string => {
  const { reasoning, content = '', calls = [], finish } = reply
  const prompt = Math.ceil(requestLength / 4)
  const completion = Math.ceil(JSON.stringify(reply).length / 4)
  if (request.protocol === 'responses')
    return JSON.stringify({
      id: 'resp_1',
      object: 'response',
      status: finish === 'length' ? 'incomplete' : 'completed',
      output: [
        ...(reasoning === undefined
          ? []
          : [{ type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: reasoning }] }]),
        ...calls.map((call, at) => ({
          type: 'function_call',
          id: `fc_${at}`,
          call_id: `call_${request.turns}_${at}`,
          name: call.name,
          arguments: argumentsOf(call),
        })),
        ...(content === ''
          ? []
          : [{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: content }] }]),
      ],
      usage: { input_tokens: prompt, output_tokens: completion, total_tokens: prompt + completion },
    })
  const message =
    request.protocol === 'tools'
      ? {
          role: 'assistant',
          content: content === '' ? null : content,
          ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map((call, at) => ({
                  id: `call_${request.turns}_${at}`,
                  type: 'function',
                  function: { name: call.name, arguments: argumentsOf(call) },
                })),
              }),
        }
      : { role: 'assistant', content: request.protocol === 'react' ? reactText(reply) : content }
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: request.body['model'],
    choices: [{ index: 0, finish_reason: finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'), message }],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  })
}
