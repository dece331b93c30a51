// A model in memory, and how it lies in a folder.
import type { Parameters } from './files/safetensors.ts'
import type { Network } from './nets/network.ts'
import type { Tokenizer } from './tokenize/tokenizer.ts'

/** What is put before a text of each kind. */
export interface Prefixes {
  readonly query: string
  readonly passage: string
}

export interface Model {
  readonly architecture: 'static' | 'transformer'
  readonly network: Network
  readonly tokenizer: Tokenizer
  /** Tokens that a text is cut to, special ones included. */
  readonly maxTokens: number
  readonly parameters: Parameters
  readonly prefixes: Prefixes
  /** Writes all but `encoder.onnx` and the prompts into a folder that exists. */
  readonly write: (model: Model, folder: string) => Promise<void>
}
