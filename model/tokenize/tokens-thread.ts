// A thread that tokenises.
import { serveTasks } from '../../core/thread.ts'
import { tokenizerFromJson } from './tokenizer.ts'
import { encodeTexts, type TokenizerData } from './tokens.ts'

serveTasks(
  ({ json, name }: TokenizerData) => encodeTexts(tokenizerFromJson(json, name)),
  ({ ids, ends }) => [ids.buffer, ends.buffer],
)
