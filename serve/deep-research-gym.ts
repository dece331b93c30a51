// DeepResearchGym's search over a run's documents: GET with query and k, each result a document as JSON in base64.
import { z } from 'zod'
import { limits, type Service } from './service.ts'

export const gymRequest = z.object({
  query: z.string().max(limits.characters),
  k: z.coerce.number().int().min(1).max(limits.k).default(10),
})

interface Found {
  readonly docid: string
  readonly text: string
}

/** What clients of its two corpora read of a document. What a corpus here does not have is empty. */
const forms = {
  clueweb: ({ docid, text }: Found) => ({ URL: docid, 'URL-hash': '', 'ClueWeb22-ID': docid, 'Clean-Text': text }),
  fineweb: ({ docid, text }: Found) => ({
    ...{ text, id: docid, dump: '', url: docid, date: '', file_path: '' },
    ...{ language: '', language_score: 0, token_count: 0 },
  }),
} as const

export const gymSearch = async (
  service: Service,
  { query, k }: z.output<typeof gymRequest>,
  form: keyof typeof forms,
  signal: AbortSignal,
): Promise<{ readonly results: readonly string[] }> => {
  const [hits = []] = await service.search({ query, k }, signal)
  const found = await service.get({ docids: hits.map(({ docid }) => docid), full: true })
  const results = found.flatMap((document) => (document ? [JSON.stringify(forms[form](document))] : []))
  return { results: results.map((json) => Buffer.from(json).toString('base64')) }
}
