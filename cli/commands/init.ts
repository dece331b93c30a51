// `lrat init`: from what lies in a folder, and at most five answers, to a configuration and the next command.
import { Option, type Command } from 'commander'
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { UserError } from '../../core/errors.ts'
import { makeFolder, writeFileAtomic } from '../../core/files.ts'
import { packageRoot } from '../../core/versions.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { many } from '../../pipeline/progress.ts'
import { configSchema } from '../../stages/config.ts'
import { configText, goalOf, GOALS, type Choices, type Goal } from './init-config.ts'
import { lookInto, type Found } from './init-look.ts'
import { shellWord } from './made.ts'
import { print } from '../print.ts'

const EXAMPLES = ['demo', 'lrat', 'llm', 'finetune'] as const

interface Flags {
  readonly yes?: boolean
  readonly example?: (typeof EXAMPLES)[number]
  readonly output: string
}

const free = (path: string): string => {
  if (!existsSync(path)) return path
  throw new UserError({
    where: path,
    expected: 'a name that is free',
    found: 'something of this name',
    fix: 'Choose another with --output or another folder, or remove it; nothing is overwritten.',
  })
}

/** Copies a packaged configuration, with the sample that it reads. */
const copyExample = (folder: string, name: string): void => {
  const config = free(join(folder, `${name}.yaml`))
  const text = readFileSync(join(packageRoot, 'configs', `${name}.yaml`), 'utf8')
  const sample = join(folder, 'sample')
  makeFolder(folder)
  if (text.includes('configs/sample')) cpSync(join(packageRoot, 'configs', 'sample'), free(sample), { recursive: true })
  writeFileAtomic(config, text.replaceAll('configs/sample', sample).replaceAll(`configs/${name}.yaml`, config))
  print(`wrote ${config}; every key is in ${join(packageRoot, 'configs', 'REFERENCE.md')}\n`)
  print(`next  lrat ${name === 'finetune' ? 'train' : 'run'} -c ${shellWord(config)}\n`)
}

const describe = ({ corpora, logs, questions, qrels, models, rows }: Found): string[] => [
  ...corpora.map(({ path, format }) => `corpus     ${path} (${format})`),
  ...logs.map(({ path, survey: { format, shares } }) => {
    const seen = `${many(shares.sessions, 'session')}${shares.sessions === 200 ? ' and perhaps more' : ''}`
    return `logs       ${path} (${format}, ${seen}, ${shares.searchesWithHits} of ${many(shares.searches, 'search', 'searches')} with hits)`
  }),
  ...questions.map(({ path, answers }) => `questions  ${path} (${answers ? 'with' : 'without'} answers)`),
  ...qrels.map((path) => `judgements ${path}`),
  ...rows.map((path) => `rows       ${path}`),
  ...models.map((path) => `model      ${path}`),
]

const GOAL_WORDS: Readonly<Record<Goal, string>> = {
  logs: 'learn from the logs of your agent',
  rows: 'train on rows of query, positives and negatives',
  generate: 'let a model of yours search the corpus, and learn from that',
  demo: 'try it on a synthetic encyclopedia',
}

type Ask = (question: string, fallback: string) => Promise<string>

/** Asks at most five questions; an empty answer takes what is in brackets. */
const chooseWith = async (ask: Ask, found: Found, folder: string): Promise<Choices> => {
  const best = goalOf(found)
  const menu = GOALS.map((goal, at) => `  ${at + 1}  ${GOAL_WORDS[goal]}`).join('\n')
  const answer = await ask(`What shall it do?\n${menu}\nNumber`, String(GOALS.indexOf(best) + 1))
  const goal = GOALS[Number(answer) - 1] ?? best
  const known = found.corpora.map(({ path }) => path)
  const needsCorpus = (goal === 'logs' || goal === 'generate') && known.length !== 1
  const path = needsCorpus
    ? await ask(`Corpus (file or folder${known.length > 0 ? `; found: ${known.join(', ')}` : ''})`, known[0] ?? '')
    : known[0]
  const corpus =
    found.corpora.find((one) => one.path === path) ?? (path ? { path, format: 'jsonl' as const } : undefined)
  const model = await ask(
    'Model to fine-tune (a folder, ORG/NAME, or empty for a static one from scratch)',
    found.models[0] ?? '',
  )
  const isGenerate = goal === 'generate'
  const endpoint = isGenerate ? await ask('Address of the model that searches', 'http://localhost:8000/v1') : undefined
  const served = isGenerate ? await ask('Its name there', '') : undefined
  return { goal, found, folder, corpus, model: model || undefined, endpoint, served: served || undefined }
}

const init = async (given: string | undefined, { yes, example, output }: Flags): Promise<void> => {
  const folder = normalize(given ?? '.')
  if (example !== undefined) {
    copyExample(folder, example)
    return
  }
  const isThere = existsSync(folder)
  if (isThere && !statSync(folder).isDirectory())
    throw new UserError({ where: folder, expected: 'a folder', found: 'a file', fix: 'Name the folder it lies in.' })
  const path = free(join(folder, output))
  const nothing: Found = { corpora: [], logs: [], questions: [], qrels: [], models: [], rows: [] }
  const found = isThere ? await lookInto(folder) : nothing
  const lines = describe(found)
  print(
    lines.length > 0
      ? `found in ${folder}\n${lines.map((line) => `  ${line}\n`).join('')}`
      : `found nothing in ${folder} that it knows\n`,
  )

  const isAsking = !yes && process.stdin.isTTY && process.stdout.isTTY
  const terminal = isAsking ? createInterface({ input: process.stdin, output: process.stdout }) : undefined
  const ask: Ask = async (question, fallback) => {
    const text = await terminal?.question(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `)
    return text === undefined || text.trim() === '' ? fallback : text.trim()
  }
  const choices = await chooseWith(ask, found, folder).finally(() => terminal?.close())
  const { text, missing, to } = configText(choices)
  makeFolder(folder)
  writeFileAtomic(path, text)
  loadConfig(configSchema, path)

  print(`wrote ${path}\n`)
  if (missing.length > 0) print(`missing\n${missing.map((line) => `  ${line}\n`).join('')}`)
  const command = `${to ?? 'run'} -c ${shellWord(path)}`
  print(
    `next  lrat ${missing.length > 0 ? `doctor -c ${shellWord(path)}, when that is mended; then lrat ${command}` : command}\n`,
  )
}

export const register = (program: Command): void => {
  program
    .command('init')
    .description('look at what is in a folder and write a configuration to start from')
    .argument('[folder]', 'where the corpus, logs or questions are; default: here')
    .option('--yes', 'ask nothing; take what was found')
    .addOption(new Option('--example <name>', 'copy a configuration of the package instead').choices(EXAMPLES))
    .option('--output <name>', 'name of the file to write in the folder', 'lrat.yaml')
    .action(init)
}
