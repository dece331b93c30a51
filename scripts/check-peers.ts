// Correctness against PyTorch, transformers, sentence-transformers and onnxruntime in Python: cases, folders, fine-tuning.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Device } from '../model/execute/device-names.ts'
import { checkCases } from './check-peers/cases.ts'
import { checkFinetuning } from './check-peers/finetune.ts'
import { checkFolders } from './check-peers/folders.ts'
import { pythonIn } from './check-peers/python.ts'
import { textsUnder } from './check-peers/texts.ts'

const USAGE = `check-peers [cases] [folders] [finetune] [--device NAME]… [--data DIR] [--pairs FILE] [--peers DIR] [--keep DIR]
  cases      embeddings, loss, gradients and AdamW steps of random Qwen3, XLM-RoBERTa and BERT models
  folders    token ids, embeddings, reading and writing of sentence-transformers' folders
  finetune   all-MiniLM-L6-v2 on mined pairs
  --device   of the cases (default cpu and tfjs)
  --data     a folder of JSON, JSONL and TSV files whose texts are tokenised
  --pairs    LRAT-Train JSONL to fine-tune on
  --peers    a Python environment; made when it does not exist
  --keep     where to leave the cases and folders; otherwise they are removed`

const PARTS = ['cases', 'folders', 'finetune'] as const
const SHARED = join('..', 'shared')

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', multiple: true, default: ['cpu', 'tfjs'] },
    data: { type: 'string', default: join(SHARED, 'data') },
    pairs: { type: 'string', default: join(SHARED, 'reference', 'lrat', 'pairs.jsonl') },
    peers: { type: 'string', default: join('runs', 'check-peers', 'peers') },
    keep: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const parts = positionals.length === 0 ? PARTS : PARTS.filter((part) => positionals.includes(part))
if (args.help === true || (positionals.length > 0 && parts.length < positionals.length)) {
  console.log(USAGE)
  process.exit(args.help === true ? 0 : 1)
}
for (const [part, path] of [
  ['folders', args.data],
  ['finetune', args.pairs],
] as const) {
  if (!parts.includes(part) || existsSync(path)) continue
  console.error(`${part} needs ${path}, which is not there: name another with --data or --pairs`)
  process.exit(1)
}

const python = pythonIn(args.peers, availableParallelism())
const folder = args.keep ?? mkdtempSync(join(tmpdir(), 'lrat-check-peers-'))
const inner = (part: string): string => {
  const path = join(folder, part)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  return path
}
const failed: string[] = []
try {
  if (parts.includes('cases') && !(await checkCases(python, inner('cases'), args.device as Device[])))
    failed.push('cases: an error is above 1e-4')
  if (parts.includes('folders') && !(await checkFolders(python, inner('folders'), textsUnder(args.data))))
    failed.push('folders: tokens differ, or embeddings by more than 1e-5, or weights')
  if (parts.includes('finetune') && !(await checkFinetuning(python, inner('finetune'), args.pairs)))
    failed.push('finetune: the losses are further apart than 1e-4, or do not fall')
} finally {
  if (args.keep === undefined) rmSync(folder, { recursive: true, force: true })
}
console.log(failed.length === 0 ? 'all agree' : failed.join('\n'))
process.exitCode = failed.length === 0 ? 0 : 1
