// MediaWiki XML dumps (pages-articles.xml, .bz2, .gz): streamed, wikitext to plain text.
import { StringDecoder } from 'node:string_decoder'
import { SaxesParser } from 'saxes'
import wtf from 'wtf_wikipedia'
import { messageOf, UserError } from '../../../core/errors.ts'
import { openBytes } from '../bytes.ts'
import { mostRecordBytes, recordTooLong } from '../limit.ts'
import { ignoreDrop, type Article, type OnDrop } from './article.ts'
import { filesOf } from './files.ts'
import { isWithinBudget } from './wikitext-budget.ts'

interface Page {
  readonly id: string
  readonly ns: string
  readonly title: string
  readonly redirect: boolean
  readonly wikitext: string
}

const fields = new Set(['id', 'ns', 'title', 'text'])

interface PageParser {
  readonly write: (text: string) => Page[]
  readonly close: () => void
  /** Characters since the last page ended, about: what the parser may hold. */
  readonly held: () => number
}

/** Collects the pages of a dump as its text is written to it. */
const pageParser = (): PageParser => {
  const parser = new SaxesParser()
  let held = 0
  let pages: Page[] = []
  let page: Record<string, string> | undefined
  let redirect = false
  let field: string | undefined
  let pieces: string[] = []
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name }) => {
    if (name === 'page') {
      page = {}
      redirect = false
    } else if (name === 'redirect') redirect = true
    else if (page !== undefined && fields.has(name) && !(name in page)) {
      field = name
      pieces = []
    }
  })
  parser.on('text', (text) => {
    if (field !== undefined) pieces.push(text)
  })
  parser.on('closetag', ({ name }) => {
    if (page === undefined) return
    if (name === field) {
      page[name] = pieces.join('')
      field = undefined
    } else if (name === 'page') {
      const { id = '', ns = '0', title = '', text = '' } = page
      pages.push({ id, ns, title, redirect, wikitext: text })
      page = undefined
      held = 0
    }
  })
  const write = (text: string): Page[] => {
    held += text.length
    parser.write(text)
    const found = pages
    pages = []
    return found
  }
  return { write, close: () => void parser.close(), held: () => held }
}

async function* readPages(file: string): AsyncGenerator<Page> {
  const parser = pageParser()
  const decoder = new StringDecoder('utf8')
  const guarded = <T>(parse: () => T): T => {
    try {
      return parse()
    } catch (error) {
      throw new UserError({
        where: file,
        expected: 'a MediaWiki XML dump',
        found: messageOf(error),
        fix: 'The file is cut short, damaged or of another format: fetch it again or name its format.',
        cause: error,
      })
    }
  }
  let last = 'before its first page'
  for await (const bytes of openBytes(file)) {
    for (const page of guarded(() => parser.write(decoder.write(bytes)))) {
      last = `after page ${page.id}`
      yield page
    }
    if (parser.held() > mostRecordBytes()) throw recordTooLong(`${file}, ${last}`, 'a page of wikitext', 'its end')
  }
  guarded(() => parser.close())
}

/**
 * Articles of a dump or a folder of its parts (.xml, .xml.bz2, .xml.gz): pages of namespace 0 as plain text, without
 * tables, infoboxes and references. Redirects, other namespaces, pages without text and pages whose markup cannot be
 * read are dropped and counted. Throws UserError where the XML itself is broken or cut short.
 */
export async function* readMediawikiArticles(path: string, onDrop: OnDrop = ignoreDrop): AsyncGenerator<Article> {
  for (const file of await filesOf(path, (name) => /\.xml[^/]*$/i.test(name))) {
    for await (const { id, ns, title, redirect, wikitext } of readPages(file)) {
      const where = `${file} page ${id}`
      const isWanted = ns === '0' && !redirect
      const isReadable = isWanted && isWithinBudget(wikitext)
      const text = isReadable ? plainText(wikitext) : undefined
      if (ns !== '0') onDrop('other-namespace', where)
      else if (redirect) onDrop('redirect', where)
      else if (!isReadable) onDrop('too-complex-markup', where)
      else if (text === undefined) onDrop('unreadable-markup', where)
      else if (text === '') onDrop('empty', where)
      else yield { id, title, text }
    }
  }
}

const plainText = (wikitext: string): string | undefined => {
  try {
    return wtf(wikitext).text({}).trim()
  } catch {
    return undefined
  }
}
