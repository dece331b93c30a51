// Scripted minds for the fake server, and tools over a corpus that is made up as it is read.
import type { Passage, Tools } from '../../agents/tools.ts'
import type { FakeReply, FakeRequest } from './protocol.ts'

/** A small hash (FNV-1a), the same in every process. */
export const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value
}

/** The question itself, without what the prompt puts around it. */
export const bareQuestion = (prompt: string): string => /^Question: (.*)$/m.exec(prompt)?.[1] ?? prompt

/** What `searcher` answers in the end. */
export const answerTo = (question: string): string => `City ${hash(question) % 1000}`

/**
 * Searches, opens one of the hits, searches again …, 2 to `most` tool calls by a hash of the question, and answers. What it says
 * depends on nothing but the conversation.
 */
export const searcher =
  (most = 6) =>
  ({ question, turns, last }: FakeRequest): FakeReply => {
    const bare = bareQuestion(question)
    const calls = 2 + (hash(bare) % (most - 1))
    if (turns >= calls)
      return { reasoning: 'Every clue is settled.', content: `It follows.\nExact answer: ${answerTo(bare)}` }
    const hits = [...last.matchAll(/^DocID:(\S+)$/gm)].map(([, docid]) => docid)
    return turns % 2 === 1 && hits.length > 0
      ? {
          reasoning: `Document ${hits[turns % hits.length]} looks right. `.repeat(1 + (hash(last) % 5)),
          calls: [{ name: 'get_document', arguments: { docid: hits[turns % hits.length] } }],
        }
      : { reasoning: 'The rarest clue first.', calls: [{ name: 'search', arguments: { query: [`${bare} ${turns}`] } }] }
  }

/** Never answers. */
export const endless = (): FakeReply => ({ calls: [{ name: 'search', arguments: { query: ['again'] } }] })

const WORDS = 'amber basin copper delta ember fjord garnet harbor island juniper kelp lagoon meadow north'.split(' ')
const words = (seed: number, count: number): string =>
  Array.from({ length: count }, (_, at) => WORDS[hash(`${seed}/${at}`) % WORDS.length]).join(' ')

const passage = (docid: string, count: number): Passage => ({
  docid,
  title: `Title ${docid}`,
  text: words(Number(docid), count),
})

/** Tools over 5,000 documents that hold random words; which ones a search finds depends on its text alone. */
export const fakeTools: Tools = {
  search: async ({ text }) =>
    Array.from({ length: 10 }, (_, rank) => passage(String(hash(`${text}/${rank}`) % 5000), 12)),
  getDocument: async (docid) => (/^\d+$/.test(docid) && Number(docid) < 5000 ? passage(docid, 80) : undefined),
}
