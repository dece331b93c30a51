// Logs as they lie around: cut, shuffled, doubled, wrongly typed. Every record ends as a session or under a named reason.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatNames, formats, type FormatName } from '../../../data/readers/logs/formats.ts'
import { hitsIn } from '../../../data/readers/logs/hits.ts'
import { openLogs } from '../../../data/readers/logs/open.ts'
import type { LogRecord } from '../../../data/readers/logs/session.ts'
import { docidIn, guessRole, queryIn, roleOf } from '../../../data/readers/logs/tools.ts'
import { readSession } from '../../../data/readers/logs/trajectory.ts'
import { understanding } from '../../../data/readers/logs/understanding.ts'
import { NOT_OURS, type Trajectory } from '../../../data/schemas.ts'
import { collect, failure, scratch } from '../helpers.ts'
import { written } from './write.ts'

const { write } = scratch()

const row = (id: string): Trajectory => ({
  trajectory_id: id,
  query_id: id,
  question: `Question ${id}?`,
  retriever: '',
  agent: 'm',
  status: 'completed',
  answer: 'An answer.',
  steps: [
    { type: 'reasoning', tool: null, arguments: '', output: 'Let me look.', docids: [] },
    {
      type: 'tool_call',
      tool: 'search',
      arguments: '{"query":["a b"]}',
      output: 'DocID:1\n[T]\ntext\n\nDocID:2\n[U]\nmore',
      docids: ['1', '2'],
    },
    { type: 'reasoning', tool: null, arguments: '', output: 'The first.', docids: [] },
    { type: 'tool_call', tool: 'get_document', arguments: '{"docid":"1"}', output: 'The text.', docids: ['1'] },
    { type: 'answer', tool: null, arguments: '', output: 'An answer.', docids: [] },
  ],
  prompt_tokens: null,
  completion_tokens: null,
  ...NOT_OURS,
})
const rows = ['1', '2', '3'].map(row)

const sessions = async (path: string, format: FormatName | 'auto' = 'auto'): Promise<LogRecord[]> =>
  collect((await openLogs(path, { format })).sessions)

/** Replaces a value somewhere inside by another. */
const mutate = (value: unknown, random: () => number): unknown => {
  const odd: readonly unknown[] = [
    null,
    0,
    -1.5,
    '',
    'x',
    true,
    [],
    {},
    [null],
    { text: 7 },
    '{"a":',
    '"\\"quoted\\""',
    ['a', ['b']],
    '\u0000',
    { constructor: 1, ['__proto__']: 2 },
  ]
  if (random() < 0.08) return odd[Math.floor(random() * odd.length)]
  if (Array.isArray(value)) {
    const items: unknown[] = value.map((item) => mutate(item, random))
    if (random() < 0.05) items.reverse()
    if (random() < 0.05) items.push(items[0])
    if (random() < 0.05) items.pop()
    return items
  }
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]): [string, unknown][] =>
        random() < 0.04 ? [] : [[key, mutate(inner, random)]],
      ),
    )
  if (typeof value === 'string' && random() < 0.04) return value.slice(0, Math.floor(random() * value.length))
  if (typeof value === 'string' && random() < 0.03) return JSON.stringify(value)
  return value
}
const generator = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 4294967296
}

const lineFormats = Object.entries(written).filter(([, { file }]) => file.endsWith('.jsonl'))

describe.each(lineFormats)('%s, mutated', (_name, { format, text }) => {
  const records = text(rows, new Map())
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const { reading } = formats[format]
  test('every record is a session, a piece of one, or skipped by name', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = generator(seed)
        const pieces: { trace: string; body: unknown }[] = []
        for (const record of records) {
          const mutated = JSON.parse(JSON.stringify(mutate(record, random))) as unknown
          if (reading.kind === 'sessions') {
            const found = reading.session(mutated, 'line 1')
            if ('skip' in found) expect(found.skip).toMatch(/^[a-z-]+$/)
            else readSession(found.session)
          } else {
            const found = reading.pieces(mutated)
            if ('skip' in found) expect(found.skip).toMatch(/^[a-z-]+$/)
            else pieces.push(...found)
          }
        }
        if (reading.kind === 'pieces') {
          const found = reading.join(
            't',
            pieces.map(({ body }) => body),
          )
          if ('session' in found) readSession(found.session)
        }
      }),
      { numRuns: 100 },
    )
  })
})

test('pieces in any order and twice over give the same session', async () => {
  for (const name of ['OTLP, OpenInference', 'Langfuse', 'LangSmith']) {
    const one = written[name]
    if (one === undefined) throw new Error(name)
    const straight = one.text(rows, new Map()).trim().split('\n')
    const shuffled = [...straight, ...straight]
      .map((line, i) => ({ line, at: (i * 7919) % 101 }))
      .sort((a, b) => a.at - b.at)
    const [a, b] = [
      write(`straight-${one.file}`, straight.join('\n')),
      write(`shuffled-${one.file}`, shuffled.map(({ line }) => line).join('\n')),
    ]
    const steps = (list: readonly LogRecord[]) =>
      new Map(
        list.map((record) =>
          'session' in record ? [record.session.queryId, readSession(record.session).row.steps] : [record.where, []],
        ),
      )
    const found = await sessions(b)
    expect(steps(found)).toEqual(steps(await sessions(a)))
    expect(found.every((record) => 'session' in record && (record.odd.get('span-repeated') ?? 0) > 0)).toBe(true)
  }
})

test('what is missing or doubled is counted by name', async () => {
  const messages = [
    { role: 'user', content: 'Q' },
    {
      role: 'assistant',
      content: '',
      tool_calls: [
        { id: 'a', function: { name: 'search', arguments: '{"query": "x"}' } },
        { id: 'b', function: { name: 'search', arguments: '{"query": "y"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'b', content: '[]' },
    { role: 'tool', tool_call_id: 'b', content: '[]' },
    { role: 'tool', tool_call_id: 'zzz', content: '[]' },
    'not a message',
  ]
  const [found] = await sessions(write('odd.json', JSON.stringify({ messages: messages.slice(0, 5) })))
  expect(found).toHaveProperty(
    'odd',
    new Map([
      ['result-repeated', 1],
      ['result-without-call', 1],
      ['call-without-result', 1],
    ]),
  )
  const deep = `${'{"messages":['.repeat(3000)}${']}'.repeat(3000)}`
  const skipped = await sessions(
    write('deep.jsonl', `${JSON.stringify({ messages: messages.slice(0, 3) })}\n${deep}\n{"broken": \n`),
    'openai',
  )
  expect(skipped.map((record) => ('skip' in record ? record.skip : 'session'))).toEqual([
    'session',
    'no-messages',
    'malformed-json',
  ])
})

test('a format that nothing fits, and a file of nothing, are errors that name the formats', async () => {
  expect((await failure(openLogs(write('other.jsonl', '{"a": 1}\n'), { format: 'auto' }))).message).toMatch(
    /expected logs in one of the formats lrat.*trajectories\.format/s,
  )
  expect((await failure(openLogs(write('empty.jsonl', '\n'), { format: 'auto' }))).message).toMatch(/found no record/)
})

test('formats do not take each other for their own', () => {
  for (const [name, { format, text, file }] of Object.entries(written)) {
    if (!file.endsWith('.jsonl')) continue
    const records = text(rows, new Map())
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    const fitting = formatNames.filter((other) => records.every((record) => formats[other].fits(record)))
    const refined: readonly string[] = formats[format].refines
    expect(
      fitting.filter((other) => other !== format && !refined.includes(other)),
      name,
    ).toEqual([])
  }
})

test.each([
  ['search', 'search'],
  ['web_search', 'search'],
  ['browser.search', 'search'],
  ['searchWikipedia', 'search'],
  ['retrieve_documents', 'search'],
  ['local_knowledge_base_retrieval', 'search'],
  ['get_document', 'open'],
  ['visit', 'open'],
  ['browser.open', 'open'],
  ['fetch_url', 'open'],
  ['read_page', 'open'],
  ['getDocument', 'open'],
  ['WebFetch', 'open'],
  ['python', 'other'],
  ['calculator', 'other'],
  ['browser.find', 'other'],
  ['get_weather', 'other'],
  ['constructor', 'other'],
  ['write_file', 'other'],
  ['', 'other'],
])('a tool called %s is taken for: %s', (name, role) => {
  expect(guessRole(name)).toBe(role)
})

test('rules win over guesses', () => {
  expect(roleOf('lookup', { search: { names: ['find_it'] } })).toBe('other')
  expect(roleOf('find_it', { search: { names: ['find_it'] } })).toBe('search')
  expect(roleOf('search', { other: ['search'] })).toBe('other')
  expect(queryIn({ deep: { q: 'x' } }, { query: '$.deep.q' })).toBe('x')
  expect(docidIn({ target: { ref: 12 } }, { docid: 'target.ref' })).toBe('12')
  const hits = hitsIn('{"payload": {"rows": [{"k": "b", "r": 2, "t": "T2"}, {"k": "a", "r": 1}]}}', {
    hits: '$.payload.rows[*]',
    docid: 'k',
    rank: 'r',
    title: 't',
  })
  expect(hits).toEqual([
    { docid: 'a', title: '', text: '' },
    { docid: 'b', title: 'T2', text: '' },
  ])
  expect(
    hitsIn('<<a>> one\n<<b>> two', { pattern: '<<(?<docid>\\w+)>> (?<text>.*)' })?.map(({ docid, text }) => [
      docid,
      text,
    ]),
  ).toEqual([
    ['a', 'one'],
    ['b', 'two'],
  ])
})

test.each([
  ['a list of hits', [{ id: 'x', snippet: 's' }, { id: 'y' }], ['x', 'y']],
  ['a list below a usual name', { results: [{ url: 'https://a/b?c=d#e', content: 't' }] }, ['https://a/b?c=d#e']],
  ['JSON in JSON', JSON.stringify(JSON.stringify({ hits: [{ docid: 7 }] })), ['7']],
  ['metadata that holds the id', { documents: [{ page_content: 't', metadata: { source: 'f.txt' } }] }, ['f.txt']],
  [
    'ranks out of order',
    [
      { id: 'b', rank: 2 },
      { id: 'a', rank: 1 },
    ],
    ['a', 'b'],
  ],
  ['parts of a message', [{ type: 'text', text: '{"results": [{"id": "p"}]}' }], ['p']],
  ['Search-R1', 'Doc 1(Title: "Paris") The capital.\nDoc 2(Title: "Rome") Also.', ['Paris', 'Rome']],
  [
    'numbered links',
    '1. [A page](https://a.example)\nabout\n2. [B](https://b.example)',
    ['https://a.example', 'https://b.example'],
  ],
  ['tags', '<document id="d1">text</document>\n<document id="d2">more</document>', ['d1', 'd2']],
  ['nothing found', 'No results found for this query.', []],
  ['an empty list', [], []],
  ['prose', 'The weather is fine today, thank you for asking.', undefined],
])('hits in %s', (_name, result, docids) => {
  expect(hitsIn(result)?.map(({ docid }) => docid)).toEqual(docids)
})

test('too little understood is an error with a call and the key to set', () => {
  const known = understanding()
  const session = {
    id: '1',
    question: 'q',
    golds: [],
    model: '',
    retriever: '',
    scores: new Map<string, number>(),
    promptTokens: null,
    completionTokens: null,
  }
  known.add(
    readSession({
      ...session,
      events: [
        {
          kind: 'call',
          call: { name: 'search', arguments: '{"query": "x"}', result: 'prose about nothing in particular' },
        },
      ],
    }),
  )
  expect(() => known.check('logs.jsonl')).toThrow(
    /logs\.jsonl, tool search: expected nine in ten .* found 0 of 1; one that is not: search\(.*trajectories\.tools\.search/,
  )
})
