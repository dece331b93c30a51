// `lrat export-train`: a run's training file as other libraries read it.
import { Option, type Command } from 'commander'
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { connect, copyTo, jsonLines } from '../../core/database.ts'
import { UserError } from '../../core/errors.ts'
import { diskError, makeFolder, publish, temporary } from '../../core/files.ts'
import { readJsonLines, readLines } from '../../data/readers/lines.ts'
import { TRAIN_FORMATS, trainFormat, trainingRow } from '../../data/train-formats.ts'
import { stageFolder } from '../../pipeline/manifest.ts'
import { many } from '../../pipeline/progress.ts'
import { TRAIN_FILE } from '../../stages/lrat-train.ts'
import { note } from '../print.ts'
import { writeLines } from './write-lines.ts'

type Format = keyof typeof TRAIN_FORMATS | 'lrat' | 'parquet'
const converted: readonly string[] = Object.keys(TRAIN_FORMATS)
const isConverted = (format: Format): format is keyof typeof TRAIN_FORMATS => converted.includes(format)

const trainFile = (run: string): string => {
  const path = join(stageFolder(run, 'export'), TRAIN_FILE)
  if (existsSync(path)) return path
  throw new UserError({
    where: path,
    expected: 'the training file of a run',
    found: 'none',
    fix: 'Run the pipeline up to export first.',
  })
}

async function* convertedRows(path: string, format: keyof typeof TRAIN_FORMATS): AsyncGenerator<readonly object[]> {
  const { rows } = trainFormat(format)
  for await (const lines of readJsonLines(path))
    yield lines.flatMap(({ value, number }) => {
      const { data, error } = trainingRow.safeParse(value)
      if (data !== undefined) return rows(data, number)
      const [issue] = error.issues
      throw new UserError({
        where: `${path} line ${number}`,
        expected: 'a row of LRAT-Train JSONL',
        found: issue === undefined ? 'another form' : `${issue.path.join('.')}: ${issue.message}`,
        fix: 'Run the export stage again.',
      })
    })
}

const writeParquet = async (path: string, output: string): Promise<number> => {
  let [longest, rows] = [0, 0]
  for await (const lines of readLines(path))
    for (const { text } of lines) {
      longest = Math.max(longest, Buffer.byteLength(text) + 2)
      rows += 1
    }
  const columns = {
    ...{ query: 'VARCHAR', pos: 'VARCHAR[]', neg: 'VARCHAR[]', pos_id: 'VARCHAR[]', neg_id: 'VARCHAR[]' },
    ...{ reasoning_len: 'INTEGER', satisfied: 'BOOLEAN', reweight_rate: 'DOUBLE' },
  }
  const connection = await connect({ threads: 1 })
  try {
    const source = `SELECT * FROM ${jsonLines(path, { columns, longest })}`
    await connection.run(copyTo(source, temporary(output), 'FORMAT parquet, COMPRESSION zstd'))
  } catch (error) {
    rmSync(temporary(output), { force: true })
    throw diskError(error, output)
  } finally {
    connection.closeSync()
  }
  publish(output)
  return rows
}

const copy = (path: string, output: string): void => {
  try {
    copyFileSync(path, temporary(output))
    renameSync(temporary(output), output)
  } catch (error) {
    throw diskError(error, output)
  }
}

const exportTrain = async (run: string, flags: { readonly format: Format; readonly output: string }): Promise<void> => {
  const { format, output } = flags
  const path = trainFile(run)
  makeFolder(dirname(output))
  if (format === 'lrat') {
    copy(path, output)
    note(`written to ${output}\n`)
    return
  }
  const rows = isConverted(format)
    ? await writeLines(output, convertedRows(path, format), (row) => JSON.stringify(row))
    : await writeParquet(path, output)
  const lacks = isConverted(format) ? trainFormat(format).lacks : undefined
  note(
    `${many(rows, 'row')} written to ${output}${lacks === undefined ? '' : `, without ${lacks}: ${format} has none`}\n`,
  )
}

export const register = (program: Command): void => {
  program
    .command('export-train')
    .description("a run's training file as other libraries read it")
    .argument('<run>', 'folder of the run')
    .addOption(
      new Option('--format <format>', 'JSON Lines for a library, or Parquet')
        .choices(['lrat', ...converted, 'parquet'])
        .default('lrat'),
    )
    .requiredOption('--output <file>', 'file to write')
    .action(exportTrain)
}
