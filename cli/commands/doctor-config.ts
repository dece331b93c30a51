// What a configuration needs: its inputs, room for what it makes, its model, its endpoints, and ids that meet.
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { connect, parquet, stream } from '../../core/database.ts'
import { messageOf } from '../../core/errors.ts'
import { redactor } from '../../core/secrets.ts'
import { readJsonlArticles } from '../../data/readers/corpora/jsonl.ts'
import { documents } from '../../data/schemas.ts'
import { openModel } from '../../model/folder.ts'
import { loadTokenizer } from '../../model/tokenize/tokenizer.ts'
import { listParts } from '../../pipeline/parts.ts'
import { bytes, count, many } from '../../pipeline/progress.ts'
import { viewOf } from '../../pipeline/reads.ts'
import type { LlmSettings } from '../../pipeline/llm/settings.ts'
import { method, type Config } from '../../stages/config.ts'
import { modelNames } from '../../stages/train/config.ts'
import { failed, green, looking, red, yellow, type Check } from './doctor-check.ts'
import { surveyLogs } from './logs-survey.ts'

const sizeOf = (path: string): number => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return 0
  if (!found.isDirectory()) return found.size * (/\.(gz|zst|bz2)$/.test(path) ? 4 : 1)
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** Every file that a stage reads from outside the run is there. */
const inputs = (config: Config): Check[] => {
  const found: Check[] = []
  for (const stage of method.stages) {
    try {
      for (const path of stage.outside?.(viewOf(method.stages, stage, config)) ?? [])
        found.push(
          existsSync(path)
            ? green('inputs', `${path}, ${bytes(sizeOf(path))}`)
            : red(
                'inputs',
                `${path}, which stage ${stage.name} reads, is not there`,
                'Correct the path in the configuration.',
              ),
        )
    } catch (error) {
      found.push(failed('inputs', error))
    }
  }
  return found
}

const opened = async ({ train }: Config) =>
  train.model === undefined
    ? undefined
    : openModel(train.model, {
        ...(train.pooling && { pooling: train.pooling }),
        ...(train.random_start && { seed: 1 }),
      })
type Opened = Awaited<ReturnType<typeof opened>>

const GB = 1e9

/**
 * Memory and disk by what BENCHMARKS.md measured: an index takes some 0.65 GB and 0.42 GB more for each GB of texts, on
 * disk twice the texts with the tables; training 16 bytes a parameter and about 1 GB. Rough on purpose.
 */
const room = (config: Config, parameters: number): Check[] => {
  const texts = config.corpus.path === undefined ? 0 : sizeOf(config.corpus.path)
  const models = modelNames(config.train).length
  const memory = Math.max(0.65 * GB + 0.42 * texts, parameters === 0 ? 0.8 * GB : 16 * parameters + GB)
  const disk = 0.1 * GB + 2 * texts + parameters * (8 * models + 12)
  const limit = process.constrainedMemory()
  const has = Math.min(totalmem(), limit > 0 ? limit : Infinity)
  let folder = resolve(config.run)
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const say = (what: string, needed: number, there: number): Check => {
    const found = `about ${bytes(needed)} needed, ${bytes(there)} there`
    if (needed > there)
      return red(
        what,
        found,
        `Use a machine with more, or ${what === 'disk' ? 'free some space' : 'a smaller model or corpus'}.`,
      )
    return needed > 0.8 * there ? yellow(what, found, 'It may be tight: the estimate is rough.') : green(what, found)
  }
  return [say('memory', memory, has), say('disk', disk, free)]
}

const model = ({ train }: Config, found: NonNullable<Opened>): Check[] => {
  const { tokenizer, maxTokens, architecture } = found
  const said = `${train.model ?? ''}: ${architecture}, a tokenizer of ${count(tokenizer.vocabularySize)} tokens, up to ${count(maxTokens)} of a text`
  const longest = Math.max(train.query_tokens, train.passage_tokens)
  return [
    longest > maxTokens
      ? yellow(
          'model',
          `${said}; train.passage_tokens or query_tokens say ${count(longest)}`,
          `The model reads ${count(maxTokens)}: set them to that or less.`,
        )
      : green('model', said),
  ]
}

/** What an endpoint says of its models; no tokens are spent. */
const endpoint = async (llm: LlmSettings, at: LlmSettings['endpoints'][number]): Promise<Check> => {
  const { base_url, api_key_env: variable, model: own } = at
  const name = own ?? llm.model
  const shown = redactor([])(base_url)
  const key = variable === undefined ? undefined : process.env[variable]?.trim()
  if (variable !== undefined && (key === undefined || key === ''))
    return red('endpoints', `${shown}: ${variable} is not set`, `export ${variable}=…`)
  try {
    const url = new URL(base_url)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/models`
    const reply = await fetch(url, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(5000),
    })
    if (reply.status === 401 || reply.status === 403)
      return red('endpoints', `${shown} refuses the key (status ${reply.status})`, 'Check the key and the account.')
    if (!reply.ok)
      return yellow(
        'endpoints',
        `${shown} answers, but lists no models (status ${reply.status})`,
        'It may work all the same.',
      )
    const text = await reply.text()
    return text.includes(JSON.stringify(name))
      ? green('endpoints', `${shown} serves ${name}`)
      : red(
          'endpoints',
          `${shown} answers, but does not list ${name}`,
          `Name a model of ${shown}/models in llm.agent.model.`,
        )
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why =
      code === 'ECONNREFUSED'
        ? 'connection refused'
        : code === 'ENOTFOUND'
          ? 'no server of that name'
          : error instanceof Error && error.name === 'TimeoutError'
            ? 'no answer in 5 s'
            : messageOf(error)
    return red('endpoints', `${shown}: ${why}`, 'Start the server, or correct base_url.')
  }
}

/** Whether stages ask a model at all, as the configuration has it. */
const llms = ({ llm, generate, filter, mine, trajectories }: Config): LlmSettings[] => {
  const searches = trajectories.import === undefined && generate.agent !== 'offline'
  const judges = filter.correctness === 'llm' || mine.relevance === 'llm'
  const judge = llm.judge ?? llm.agent
  const used = [...(searches && llm.agent ? [llm.agent] : []), ...(judges && judge ? [judge] : [])]
  return [...new Set(used)]
}

/** Documents that are looked through, where the corpus was not ingested yet. */
const MOST = 2_000_000
const SESSIONS = 1000

async function* corpusIds(config: Config): AsyncGenerator<string> {
  const parts = listParts(join(config.run, 'ingest'), documents)
  if (parts.length > 0) {
    const connection = await connect({ threads: 1 })
    try {
      const sql = `SELECT docid FROM ${parquet(parts)}`
      for await (const rows of stream<{ docid: string }>(connection, sql)) for (const { docid } of rows) yield docid
    } finally {
      connection.closeSync()
    }
  } else if (config.corpus.path !== undefined)
    for await (const { id } of readJsonlArticles(config.corpus.path)) yield id
}

/** How many of the documents that logs name the corpus has. */
const ids = async (config: Config): Promise<readonly Check[]> => {
  const { import: path } = config.trajectories
  if (path === undefined) return []
  const ingested = listParts(join(config.run, 'ingest'), documents).length > 0
  if (!ingested && (config.corpus.format !== 'jsonl' || config.corpus.path === undefined))
    return [
      yellow(
        'docids',
        `a corpus of format ${config.corpus.format} is compared once it is ingested`,
        'lrat ingest, then lrat doctor again.',
      ),
    ]
  const wanted = new Set<string>()
  const onSession = ({
    row,
  }: {
    readonly row: { readonly steps: readonly { readonly docids: readonly string[] }[] }
  }): void => {
    for (const { docids } of row.steps) for (const docid of docids) wanted.add(docid)
  }
  const { shares } = await surveyLogs(path, { format: 'auto', limit: SESSIONS, onSession })
  const all = wanted.size
  if (all === 0)
    return [
      red(
        'docids',
        `no document is named in ${many(shares.sessions, 'session')} of ${path}`,
        `See lrat inspect-logs ${path}.`,
      ),
    ]
  let seen = 0
  for await (const id of corpusIds(config)) {
    wanted.delete(id)
    seen += 1
    if (wanted.size === 0 || seen === MOST) break
  }
  const share = (all - wanted.size) / all
  const found = `the corpus has ${count(all - wanted.size)} of ${many(all, 'document')} that ${many(shares.sessions, 'session')} name${shares.sessions === 1 ? 's' : ''} (${Math.floor(100 * share)}%)${seen === MOST ? `, among its first ${count(MOST)}` : ''}`
  if (share === 1) return [green('docids', found)]
  const first = [...wanted]
    .slice(0, 3)
    .map((id) => JSON.stringify(id.slice(0, 80)))
    .join(', ')
  const what = `${found}; the first missing: ${first}`
  const fix = 'Pairs of missing documents are left out: use the corpus that the agent searched, with the same ids.'
  return [share < 0.5 ? red('docids', what, fix) : yellow('docids', what, fix)]
}

const tokenizer = async ({ tokenizer: spec }: Config): Promise<readonly Check[]> => {
  await loadTokenizer(spec)
  return [green('tokenizer', spec)]
}

export const checkConfig = async (config: Config): Promise<readonly Check[]> => {
  let found: Opened
  const checks = await looking('model', async () => {
    found = await opened(config)
    return found ? model(config, found) : []
  })
  const parameters = found ? [...found.parameters.values()].reduce((sum, { data }) => sum + data.length, 0) : 0
  const endpoints = await Promise.all(llms(config).flatMap((llm) => llm.endpoints.map((at) => endpoint(llm, at))))
  return [
    ...inputs(config),
    ...room(config, parameters),
    ...(await looking('tokenizer', () => tokenizer(config))),
    ...checks,
    ...endpoints,
    ...(await looking('docids', () => ids(config))),
  ]
}
