// Token ids of many texts, in worker threads where there is enough to do.
import { messageOf, UserError } from '../../core/errors.ts'
import { openThreads, type Threads } from '../../core/threads.ts'
import type { Tokenizer } from './tokenizer.ts'

export interface TokenTask {
  readonly texts: readonly string[]
  /** Ids of a text at most: of all, or of each. */
  readonly limit: number | readonly number[]
  /** What an error calls each text; default: its number. */
  readonly where?: readonly string[]
}

/** The ids of all texts one after the other; those of text i end before `ends[i]`. */
export interface TokenIds {
  readonly ids: Int32Array<ArrayBuffer>
  readonly ends: Float64Array<ArrayBuffer>
}

/** Characters that are worth starting threads for: they take about a second, and reading a vocabulary takes each a fraction of one. */
export const PATIENCE = 16_000_000

/** Throws UserError naming the text that the tokenizer fails at. */
export const encodeTexts =
  (tokenizer: Pick<Tokenizer, 'encode' | 'name'>) =>
  ({ texts, limit, where }: TokenTask): TokenIds => {
    const ends = new Float64Array(texts.length)
    let ids = new Int32Array(1024)
    let length = 0
    for (const [i, text] of texts.entries()) {
      const some = named(tokenizer.name, where?.[i] ?? `text ${i}`, () =>
        tokenizer.encode(text, typeof limit === 'number' ? limit : limit[i]),
      )
      if (length + some.length > ids.length) {
        const larger = new Int32Array(2 * (length + some.length))
        larger.set(ids.subarray(0, length))
        ids = larger
      }
      ids.set(some, length)
      ends[i] = length += some.length
    }
    return { ids: ids.slice(0, length), ends }
  }

/** The work's result; an error of the tokenizer names the text. */
export const named = <T>(tokenizer: string, where: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError({
      where,
      expected: `a text that the tokenizer ${tokenizer} can read`,
      found: messageOf(error),
      fix: 'Correct the text, or name another tokenizer.',
      cause: error,
    })
  }
}

/** What a thread needs to make the same tokenizer. */
export interface TokenizerData {
  readonly json: string
  readonly name: string
}

export interface TokenThreadsOptions {
  /** Threads; 0 does all work in this one. Default: one a core. */
  readonly workers?: number
  readonly signal?: AbortSignal
  /** Characters tokenised in this thread before others are started. */
  readonly patience?: number
}

/** Options of a pool whose handler is made of a tokenizer; one without a vocabulary (`whitespace`) is faster here. */
export const tokenizerPool = (tokenizer: Tokenizer, { workers, signal, patience = PATIENCE }: TokenThreadsOptions) => ({
  data: { json: tokenizer.json ?? '', name: tokenizer.name },
  patience,
  ...(tokenizer.json === undefined ? { threads: 0 } : workers !== undefined && { threads: workers }),
  ...(signal !== undefined && { signal }),
})

const lengthOf = ({ texts }: TokenTask): number => texts.reduce((sum, text) => sum + text.length, 0)

/** Opens threads that tokenise; the ids are the same however many there are. */
export const openTokenThreads = (
  tokenizer: Tokenizer,
  options: TokenThreadsOptions = {},
): Threads<TokenTask, TokenIds> =>
  openThreads({
    ...tokenizerPool(tokenizer, options),
    module: './tokens-thread.js',
    from: import.meta.url,
    here: encodeTexts(tokenizer),
    cost: lengthOf,
  })
