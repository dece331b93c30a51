// The agent's tools over the run's own corpus: snippets and documents cut to their token limits.
import { withoutTitle } from '../data/title.ts'
import type { Searcher } from '../search/searcher.ts'
import type { Tokenizer } from '../model/tokenize/tokenizer.ts'
import type { DocumentStore } from '../search/documents.ts'
import type { Tools } from './tools.ts'

export interface CorpusToolsOptions {
  readonly searcher: Searcher
  readonly documents: DocumentStore
  readonly tokenizer: Tokenizer
  /** Hits a search returns. */
  readonly k: number
  readonly snippetTokens: number
  readonly documentTokens: number
}

/** Tools that search and read; the agent's first search of an unknown docid gets an answer that says so. */
export const createCorpusTools = (options: CorpusToolsOptions): Tools => {
  const { searcher, documents, tokenizer, k, snippetTokens, documentTokens } = options
  return {
    search: async (query) => {
      const [hits] = await searcher.search([query], k)
      const found = await documents.get(hits.map((hit) => hit.docid))
      return hits.map(({ docid, score }) => {
        const { title, text } = found.get(docid) ?? { title: '', text: '' }
        // The hit shows the title on a line of its own.
        return { docid, title, text: tokenizer.truncate(withoutTitle(title, text), snippetTokens), score }
      })
    },
    getDocument: async (docid) => {
      const found = (await documents.get([docid])).get(docid)
      return found && { docid, title: found.title, text: tokenizer.truncate(found.text, documentTokens) }
    },
  }
}
