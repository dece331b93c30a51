// OpenResearcher's runs: OpenAI messages whose browser shows hits as numbered links, and opens them by number.
import { isObject, type Json } from '../../../core/json.ts'
import type { LogFormat } from './format.ts'
import { chatSession, turnsOf } from './openai.ts'
import type { SessionEvent, ToolCall } from './session.ts'
import { decoded, goldsOf, idIn, plainText, textIn } from './values.ts'

const isBrowser = (name: string, method: string): boolean =>
  name === `browser.${method}` || name === `browser_${method}`

const callNames = (turn: unknown): string[] => {
  const calls = isObject(turn) ? decoded(turn['tool_calls']) : undefined
  return (Array.isArray(calls) ? (calls as readonly unknown[]) : []).flatMap((call) =>
    isObject(call) && isObject(call['function']) ? [plainText(call['function']['name'])] : [],
  )
}

/** A link of a page: 【number†title†domain】. */
const LINK = /【(\d+)†([^†】]*)(?:†([^】]*))?】/g
/** The head of a page: [cursor] title (address). */
const HEAD = /^\s*\[(\d+)\]\s*([^\n]*?)(?:\s*\((\S+?)\))?\s*(?:\n|$)/

interface Page {
  readonly address: string | undefined
  readonly title: string
  /** Link numbers to the name of what they lead to. */
  readonly links: ReadonlyMap<number, string>
}

const pageOf = (text: string): { readonly cursor: number | undefined; readonly page: Page } => {
  const head = HEAD.exec(text)
  const links = new Map(
    Array.from(text.matchAll(LINK), ([, number, title, domain]) => [Number(number), nameOf(title ?? '', domain)]),
  )
  return {
    cursor: head === null ? undefined : Number(head[1]),
    page: { address: head?.[3], title: (head?.[2] ?? '').trim(), links },
  }
}

// Two pages of one title are told apart by their domain.
const nameOf = (title: string, domain: string | undefined): string =>
  domain === undefined || domain === '' ? title.trim() : `${title.trim()} (${domain.trim()})`

const numberIn = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return Number.isInteger(number) ? Number(number) : undefined
}

/**
 * Gives searches and opens their docids. A hit is known by its link's title and domain, and by its address once a page that was
 * opened through it has told that.
 */
const withDocids = (events: readonly SessionEvent[]): SessionEvent[] => {
  const pages = new Map<number, Page>()
  const addresses = new Map<string, string>()
  let latest: Page | undefined
  const opened = new Map<ToolCall, string>()
  for (const event of events) {
    if (event.kind !== 'call' || !event.call.name.startsWith('browser')) continue
    const { call } = event
    const { cursor, page } = pageOf(plainText(call.result))
    if (isBrowser(call.name, 'open')) {
      const args = decoded(call.arguments)
      const { id, cursor: on } = isObject(args) ? args : {}
      const number = numberIn(id)
      const from = pages.get(numberIn(on) ?? -1) ?? latest
      const name =
        typeof id === 'string' && number === undefined ? id : number === undefined ? undefined : from?.links.get(number)
      if (name !== undefined) {
        opened.set(call, name)
        if (page.address !== undefined) addresses.set(name, page.address)
      }
    }
    if (cursor !== undefined) pages.set(cursor, page)
    latest = page
  }
  const docidOf = (name: string): string => addresses.get(name) ?? name
  return events.map((event): SessionEvent => {
    if (event.kind !== 'call') return event
    const { call } = event
    if (isBrowser(call.name, 'search')) {
      const { links } = pageOf(plainText(call.result)).page
      return { kind: 'call', call: { ...call, docids: [...new Set(links.values())].map(docidOf) } }
    }
    const name = opened.get(call)
    // Scrolling on in the same page opens nothing.
    return isBrowser(call.name, 'open')
      ? { kind: 'call', call: { ...call, docids: name === undefined ? [] : [docidOf(name)] } }
      : event
  })
}

const fields = (record: unknown): Json => (isObject(record) ? record : {})

export const openresearcher: LogFormat = {
  summary: 'OpenResearcher: messages with browser.search, browser.open, browser.find',
  refines: ['openai'],
  fits: (record) => {
    const turns = Array.isArray(record) ? undefined : turnsOf(record)
    return turns?.some((turn) => callNames(turn).some((name) => isBrowser(name, 'search'))) ?? false
  },
  reading: {
    kind: 'sessions',
    session: (record, where) => {
      const turns = turnsOf(record)
      if (turns === undefined) return { where, skip: 'no-messages', detail: 'no list `messages`' }
      const { qid, status, error } = fields(record)
      const found = chatSession(fields(record), turns, where, {
        queryId: idIn({ qid }, 'qid'),
        golds: goldsOf(fields(record), 'answer', 'answers'),
        status:
          textIn({ error }, 'error') !== undefined
            ? 'error'
            : status === 'success'
              ? 'completed'
              : textIn({ status }, 'status'),
      })
      return 'skip' in found
        ? found
        : { ...found, session: { ...found.session, events: withDocids(found.session.events) } }
    },
  },
}
