// What an error reply says, whatever its shape: servers, proxies and frameworks each have their own.
import { isObject } from '../../core/json.ts'

export interface ErrorBody {
  /** "" where it says nothing. */
  readonly message: string
  /** The machine-readable code or type, "" where there is none. */
  readonly code: string
}

/** Longer messages are cut: some servers send the request back. */
const LONGEST = 500

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' }

const plain = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name] ?? ' ')

/** The title of a page, else its first heading, else its text. */
const fromHtml = (html: string): string => {
  for (const tag of ['title', 'h1', 'body']) {
    const inner = new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'i').exec(html)?.[1]
    if (inner !== undefined && plain(inner).trim() !== '') return plain(inner)
  }
  return plain(html)
}

/** One entry of a validation error's list: where, and what. */
const fromDetail = (detail: unknown): string => {
  if (!isObject(detail)) return textOf(detail)
  const place = Array.isArray(detail['loc']) ? detail['loc'].map(String).join('.') : ''
  const said = textOf(detail['msg']) || textOf(detail['message']) || JSON.stringify(detail)
  return place === '' ? said : `${place}: ${said}`
}

const fromJson = (value: unknown): ErrorBody => {
  if (typeof value === 'string') return { message: value, code: '' }
  if (Array.isArray(value))
    return value.length === 1 ? fromJson(value[0]) : { message: value.map(fromDetail).join('; '), code: '' }
  if (!isObject(value)) return { message: '', code: '' }
  const { error, message, detail, errors } = value
  const code = textOf(value['code']) || textOf(value['type']) || textOf(value['status'])
  if (isObject(error) || (typeof error === 'string' && error !== '')) {
    const inner = fromJson(error)
    return { message: inner.message || textOf(message), code: inner.code || code }
  }
  if (textOf(message) !== '') return { message: textOf(message), code }
  if (isObject(message)) return fromJson(message)
  const list = detail ?? errors
  if (Array.isArray(list)) return { message: list.map(fromDetail).join('; '), code }
  if (isObject(list)) return fromJson(list)
  return { message: textOf(list) || textOf(value['msg']) || textOf(value['error_message']), code }
}

/** Reads the body of an error reply. */
export const readErrorBody = (text: string): ErrorBody => {
  const trimmed = text.trim()
  let body: ErrorBody | undefined
  if (/^[[{"]/.test(trimmed)) {
    try {
      body = fromJson(JSON.parse(trimmed))
    } catch {
      // Cut short, or no JSON after all: its text is what there is.
    }
  }
  const { message, code } = body ?? {
    message: /^<(?:!doctype|html|\?xml|head|body)/i.test(trimmed) ? fromHtml(trimmed) : trimmed,
    code: '',
  }
  const said = (message || (body ? trimmed : '')).replaceAll(/\s+/g, ' ').trim()
  return { message: said.slice(0, LONGEST), code }
}
