// The configuration that `lrat init` writes: commented, and with what is missing named.
import { basename, join } from 'node:path'
import { configSchema } from '../../stages/config.ts'
import type { Found, FoundCorpus } from './init-look.ts'

export const GOALS = ['logs', 'rows', 'generate', 'demo'] as const
export type Goal = (typeof GOALS)[number]

/** What was found and answered. */
export interface Choices {
  readonly goal: Goal
  readonly found: Found
  readonly corpus?: FoundCorpus | undefined
  /** A folder, or a name in the Hugging Face cache; without one a static encoder is trained from scratch. */
  readonly model?: string | undefined
  readonly endpoint?: string | undefined
  /** The model's name at the endpoint. */
  readonly served?: string | undefined
  /** Folder that everything is in. */
  readonly folder: string
}

export interface Written {
  readonly text: string
  /** What has to be put in before a run can do its work, each a sentence. */
  readonly missing: readonly string[]
  /** The stage to stop after at first; undefined for the whole. */
  readonly to?: string
}

/** A text as YAML takes it on one line. */
const yaml = (text: string): string =>
  /^[A-Za-z0-9_./-]+$/.test(text) && !/^[\d.]+$|^(true|false|null|yes|no)$/i.test(text) ? text : JSON.stringify(text)

const takesFormat = (): boolean =>
  configSchema.safeParse({ run: 'r', trajectories: { import: 'logs', format: 'openai' } }).success

export const goalOf = ({ logs, rows, corpora, questions }: Found): Goal => {
  if (logs.length > 0) return 'logs'
  if (rows.length > 0) return 'rows'
  return corpora.length > 0 || questions.length > 0 ? 'generate' : 'demo'
}

const head = (folder: string): string[] => [
  '# Written by `lrat init` from what it found; every key is in configs/REFERENCE.md of the package.',
  '# Paths are relative to where the command runs.',
  'version: 1',
  `run: ${yaml(join(folder, 'runs', 'lrat'))} # everything that is made lies in here`,
]

const corpusLines = ({ corpus, found }: Choices, missing: string[]): string[] => {
  if (corpus) {
    const others = found.corpora.filter(({ path }) => path !== corpus.path).map(({ path }) => path)
    return [
      'corpus:',
      `  format: ${corpus.format}`,
      `  path: ${yaml(corpus.path)}${others.length > 0 ? ` # or ${others.join(', ')}` : ''}`,
      ...(corpus.format === 'jsonl' ? ['  # a line: {"docid": "…", "text": "…", "title": "…"}'] : []),
    ]
  }
  missing.push(
    'No corpus was found: put its path under corpus.path (JSON Lines of docid, text, title; CSV, TSV, Wikipedia).',
  )
  return [
    'corpus:',
    '  format: jsonl',
    '  path: corpus.jsonl # MISSING: a line is {"docid": "…", "text": "…", "title": "…"}',
  ]
}

const questionLines = ({ goal, found }: Choices, missing: string[]): string[] => {
  const [first] = [...found.questions].sort((a, b) => Number(b.answers) - Number(a.answers))
  const [qrels] = found.qrels
  const lines = ['queries:']
  if (first) lines.push(`  path: ${yaml(first.path)} # id, question, answer`)
  else if (goal === 'generate') {
    lines.push('  path: questions.tsv # MISSING: id, question, answer, separated by tabs')
    missing.push('No questions were found: put their path under queries.path (id, question, answer).')
  }
  if (qrels !== undefined) lines.push(`  qrels: ${yaml(qrels)} # relevance judgements, for the evaluation`)
  lines.push('  test_share: 0.2 # questions kept from training, for the evaluation')
  return lines
}

const trainLines = ({ model }: Choices): string[] =>
  model === undefined
    ? [
        'train: # a static encoder from scratch: seconds on a CPU',
        '  # model: sentence-transformers/all-MiniLM-L6-v2 # fine-tunes this one instead, from the Hugging Face cache',
        '  epochs: 10',
        '  learning_rate: 0.05',
        '  temperature: 0.1',
      ]
    : ['train:', `  model: ${yaml(model)}`, '  epochs: 2', '  learning_rate: 0.00002', '  temperature: 0.02']

const fromLogs = (choices: Choices, missing: string[]): string[] => {
  const [log, ...others] = choices.found.logs
  if (!log) {
    missing.push('No logs were found: put their path under trajectories.import.')
    return ['trajectories:', '  import: logs # MISSING: a folder, archive or file of logs']
  }
  const { path, survey } = log
  const { format, shares } = survey
  const isLrat = format === 'lrat'
  if (!isLrat && !takesFormat())
    missing.push(
      `${path} holds logs of format ${format}, which \`lrat inspect-logs\` reads; a run imports the LRAT layout only.`,
    )
  if (shares.searchesWithHits === 0)
    missing.push(`No search with ranked hits was recognised in ${path}: see \`lrat inspect-logs ${path}\`.`)
  const also = others.length > 0 ? ` # or ${others.map((other) => other.path).join(', ')}` : ''
  const gold = shares.withGold > 0 || choices.found.questions.some(({ answers }) => answers)
  return [
    'trajectories:',
    `  import: ${yaml(path)}${also}`,
    ...(!isLrat && takesFormat() ? [`  format: ${format}`] : []),
    'filter:',
    gold
      ? '  correctness: exact-match # only runs with the right answer are learned from; none takes every completed one'
      : '  correctness: none # the logs have no gold answers; with some under queries.path: exact-match',
    ...(gold ? ['  match: contains # agents answer in sentences'] : []),
    'mine:',
    '  relevance: rules # whether an opened document helped; llm asks a model (see configs/llm.yaml)',
  ]
}

const fromModel = ({ endpoint, served }: Choices, missing: string[]): string[] => {
  if (served === undefined) missing.push('Put the name of the model, as its server knows it, under llm.agent.model.')
  return [
    'llm:',
    '  agent:',
    `    model: ${served === undefined ? 'my-model # MISSING: as the server names it at /models' : yaml(served)}`,
    '    endpoints:',
    `      - { base_url: ${JSON.stringify(endpoint ?? 'http://localhost:8000/v1')}, concurrency: 64 }`,
    '      # A hosted API: the key stays in the environment, only its variable is named: api_key_env: MY_API_KEY',
    'generate: { agent: tools } # or: react, responses',
    'filter: { correctness: llm } # the same model judges; exact-match compares with the answers',
    'mine: { relevance: llm }',
  ]
}

/** The text of the configuration, and what it lacks. */
export const configText = (choices: Choices): Written => {
  const { goal, found, folder } = choices
  const missing: string[] = []
  if (goal === 'rows') {
    const [rows = 'rows.jsonl'] = found.rows
    if (found.rows.length === 0) missing.push('No training rows were found: put their path under train.data.')
    const [first = '', ...rest] = trainLines(choices)
    return {
      text: [
        ...head(folder),
        '',
        first,
        `  data: ${yaml(rows)} # {"query", "pos", "neg"}: ${basename(rows)}`,
        ...rest,
        '',
      ].join('\n'),
      missing,
      to: 'train',
    }
  }
  if (goal === 'demo')
    return {
      text: [
        ...head(folder),
        '',
        'corpus: { format: synthetic, articles: 2000, questions: 400 } # or: { format: jsonl, path: corpus.jsonl }',
        'queries: { test_share: 0.3 }',
        'generate: { agent: offline } # the built-in searcher, without a model',
        ...trainLines(choices),
        '',
      ].join('\n'),
      missing,
    }
  const parts = [
    corpusLines(choices, missing),
    questionLines(choices, missing),
    goal === 'logs' ? fromLogs(choices, missing) : fromModel(choices, missing),
    trainLines(choices),
  ]
  return { text: `${[...head(folder), ...parts.flatMap((lines) => ['', ...lines])].join('\n')}\n`, missing }
}
