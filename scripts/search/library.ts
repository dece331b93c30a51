// The peer of chunking: @huggingface/tokenizers called plainly, text after text, in one thread; prints JSON.
import * as huggingFace from '@huggingface/tokenizers'
import { readJsonLines } from '../../data/readers/lines.ts'
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'

const { Tokenizer } = huggingFace as unknown as {
  Tokenizer: new (json: object, config: object) => { encode(text: string): { ids: number[] } }
}
const [path, vocabulary, limit] = process.argv.slice(2)
const tokenizer = new Tokenizer(JSON.parse((await loadTokenizer(vocabulary)).json ?? '') as object, {})
let [bytes, tokens, seconds] = [0, 0, 0]
for await (const lines of readJsonLines(path)) {
  for (const { value } of lines) {
    const { text } = value as { readonly text: string }
    const start = performance.now()
    tokens += tokenizer.encode(text).ids.length
    seconds += (performance.now() - start) / 1000
    bytes += Buffer.byteLength(text)
  }
  if (bytes > Number(limit)) break
}
process.stdout.write(`${JSON.stringify({ bytes, tokens, seconds })}\n`)
