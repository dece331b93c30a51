// What a run has made, and what to do next: the lines at its end.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { alignColumns } from '../../core/align.ts'
import { modelsOf } from '../../search/retrievers.ts'
import { TRAIN_FILE } from '../../stages/lrat-train.ts'

/** Paths of what others can use, and the command that most people want next. */
export interface Made {
  readonly model?: string
  readonly rows?: string
  readonly report: string
  readonly next: string
}

/** As a word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const nextOf = (
  run: string,
  config: string,
  { models, rows }: { models: readonly string[]; rows: boolean },
): string => {
  const indexed = existsSync(join(run, 'index', 'manifest.json'))
  if (models.length > 0 && indexed) return `lrat search ${shellWord(run)} "a question" --retriever dense`
  const model = models.at(0)
  if (model !== undefined)
    return `lrat encode ${shellWord(join(run, 'train', model, 'model'))} --input texts.txt --output vectors.parquet`
  if (rows) return `lrat train -c ${shellWord(config)}`
  return `lrat run -c ${shellWord(config)}`
}

/** What lies in the run's folder, `config` being the configuration it was run with. */
export const madeBy = (run: string, config: string): Made => {
  const models = modelsOf(run)
  const rows = join(run, 'export', TRAIN_FILE)
  const [model] = models
  return {
    ...(model !== undefined && { model: join(run, 'train', model, 'model') }),
    ...(existsSync(rows) && { rows }),
    report: join(run, 'report.json'),
    next: nextOf(run, config, { models, rows: existsSync(rows) }),
  }
}

/** The same in at most three lines, the last of them the next command. */
export const renderMade = ({ model, rows, report, next }: Made): string =>
  alignColumns(
    [
      ...(model === undefined ? [] : [['model', model]]),
      ...(rows === undefined ? [] : [['rows', rows]]),
      ...(model !== undefined && rows !== undefined ? [] : [['report', report]]),
      ['next', next],
    ].slice(-3),
  )
