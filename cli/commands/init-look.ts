// What a folder holds that a configuration can name: told by the first record of each file, not by its name alone.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../../core/json.ts'
import { readLines } from '../../data/readers/lines.ts'
import { readRecords } from '../../data/readers/logs/records.ts'
import { surveyLogs, type Survey } from './logs-survey.ts'

export interface FoundCorpus {
  readonly path: string
  readonly format: 'jsonl' | 'csv' | 'tsv' | 'mediawiki'
}

export interface Found {
  readonly corpora: readonly FoundCorpus[]
  readonly logs: readonly { readonly path: string; readonly survey: Survey }[]
  readonly questions: readonly { readonly path: string; readonly answers: boolean }[]
  readonly qrels: readonly string[]
  readonly models: readonly string[]
  /** Files of {query, pos, neg}. */
  readonly rows: readonly string[]
}

type Kind =
  | { readonly kind: 'corpus'; readonly format: FoundCorpus['format'] }
  | { readonly kind: 'questions'; readonly answers: boolean }
  | { readonly kind: 'qrels' | 'rows' | 'logs' }

/** Sessions that are looked at to say what logs are good for. */
const SESSIONS = 200
const PACKED = '(\\.(gz|zst|bz2))?$'
const is = (path: string, ...endings: readonly string[]): boolean =>
  new RegExp(`\\.(${endings.join('|')})${PACKED}`, 'i').test(path)
const isArchive = (path: string): boolean => /\.(zip|tar|tgz|tar\.(gz|zst|bz2))$/i.test(path)

const isText = (record: Readonly<Record<string, unknown>>, ...keys: readonly string[]): boolean =>
  keys.some((key) => typeof record[key] === 'string')
const has = (record: Readonly<Record<string, unknown>>, ...keys: readonly string[]): boolean =>
  keys.some((key) => record[key] !== undefined && record[key] !== null)

/** What a record of JSON is; undefined where it may be a log. */
const kindOfRecord = (record: unknown): Kind | undefined => {
  if (!isObject(record)) return undefined
  if (isText(record, 'query') && Array.isArray(record['pos'])) return { kind: 'rows' }
  if (has(record, 'messages', 'result', 'steps', 'resourceSpans', 'observations', 'trajectory')) return undefined
  if (has(record, 'query_id', 'query-id') && has(record, 'docid', 'corpus-id', 'corpus_id')) return { kind: 'qrels' }
  if (isText(record, 'question', 'query')) return { kind: 'questions', answers: has(record, 'answer', 'answers') }
  if (has(record, 'docid', 'id', '_id') && isText(record, 'text', 'contents', 'content'))
    return { kind: 'corpus', format: 'jsonl' }
  return undefined
}

const firstRecord = async (path: string): Promise<unknown> => {
  for await (const logged of readRecords(path)) return 'record' in logged ? logged.record : undefined
  return undefined
}

const firstLine = async (path: string): Promise<string> => {
  for await (const lines of readLines(path)) for (const { text } of lines) if (text.trim() !== '') return text
  return ''
}

const kindOfTable = (path: string, line: string): Kind | undefined => {
  if (/^\S+\s+\S+\s+\S+\s+-?\d+\s*$/.test(line)) return { kind: 'qrels' }
  const format = is(path, 'csv') ? 'csv' : 'tsv'
  const cells = line.split(format === 'csv' ? ',' : '\t')
  if (cells.length < 2) return undefined
  if (cells.length === 3 && /^(query-?id|-?\d+)$/i.test(cells[0]?.trim() ?? '') && /score|^\d$/.test(cells[2] ?? ''))
    return { kind: 'qrels' }
  if (/corpus|docs?\b|document|passage|collection/i.test(path)) return { kind: 'corpus', format }
  return { kind: 'questions', answers: cells.length > 2 }
}

const kindOf = async (path: string): Promise<Kind | undefined> => {
  if (is(path, 'xml')) return /wiki/i.test(path) ? { kind: 'corpus', format: 'mediawiki' } : undefined
  if (is(path, 'jsonl', 'ndjson', 'json')) return kindOfRecord(await firstRecord(path)) ?? { kind: 'logs' }
  if (is(path, 'tsv', 'csv')) return kindOfTable(path, await firstLine(path))
  if (is(path, 'qrels', 'trec', 'txt')) {
    const found = kindOfTable(path, await firstLine(path))
    return found?.kind === 'qrels' ? found : undefined
  }
  return isArchive(path) ? { kind: 'logs' } : undefined
}

const SKIPPED = new Set(['node_modules', 'runs', 'dist', '__pycache__'])

/** Files and folders of a folder that may matter, itself not. */
const entriesIn = (folder: string): { path: string; isFolder: boolean }[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !SKIPPED.has(name) && name !== 'package.json')
    .map((entry) => ({ path: folder === '.' ? entry.name : join(folder, entry.name), isFolder: entry.isDirectory() }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))

const isModel = (folder: string): boolean =>
  existsSync(join(folder, 'modules.json')) ||
  (existsSync(join(folder, 'config.json')) && existsSync(join(folder, 'model.safetensors')))

/** Logs that are understood; undefined for what is no log. */
const logsIn = async (path: string): Promise<Survey | undefined> => {
  try {
    const survey = await surveyLogs(path, { format: 'auto', limit: SESSIONS })
    return survey.shares.sessions > 0 ? survey : undefined
  } catch {
    return undefined
  }
}

/** Looks into a folder and those directly in it. What cannot be read or is of no known kind is passed over. */
export const lookInto = async (folder: string): Promise<Found> => {
  const [corpora, logs, questions]: [FoundCorpus[], { path: string; survey: Survey }[], Found['questions'][number][]] =
    [[], [], []]
  const [qrels, models, rows]: [string[], string[], string[]] = [[], [], []]
  const take = async (path: string): Promise<'logs' | undefined> => {
    const found = await kindOf(path).catch(() => undefined)
    if (found?.kind === 'corpus') corpora.push({ path, format: found.format })
    if (found?.kind === 'questions') questions.push({ path, answers: found.answers })
    if (found?.kind === 'qrels') qrels.push(path)
    if (found?.kind === 'rows') rows.push(path)
    return found?.kind === 'logs' ? 'logs' : undefined
  }
  const visit = async (at: string, depth: number): Promise<void> => {
    const mayBeLogs: string[] = []
    for (const { path, isFolder } of entriesIn(at)) {
      if (isFolder && isModel(path)) models.push(path)
      else if (isFolder && depth < 2) await visit(path, depth + 1)
      else if (!isFolder && (await take(path)) === 'logs') mayBeLogs.push(path)
    }
    // Many files of logs are named by their folder.
    const places = depth > 0 && mayBeLogs.length > 1 ? [at] : mayBeLogs
    for (const path of places) {
      const survey = await logsIn(path)
      if (survey) logs.push({ path, survey })
    }
  }
  await visit(folder, 0)
  return { corpora, logs, questions, qrels, models, rows }
}
