// `lrat run` and one command a stage.
import { type Command } from 'commander'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { loadConfig } from '../../pipeline/config.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { withoutUrlSecrets } from '../../core/secrets.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { createProgress, many } from '../../pipeline/progress.ts'
import { restsOn } from '../../pipeline/expected.ts'
import { runStages, type RunOptions } from '../../pipeline/runner.ts'
import { renderReport } from '../../stages/report/render.ts'
import { buildReport, reportJson, writeReport } from '../../stages/report/report.ts'
import type { Method } from '../../stages/assemble.ts'
import { method as ours } from '../../stages/config.ts'
import { noteRetry } from '../../stages/generate/retry.ts'
import type { Settings } from '../../stages/settings.ts'
import { collect, withConfig, withOutput, type ConfigFlags, type OutputFlags } from '../options.ts'
import { onInterrupt } from '../interrupt.ts'
import { madeBy, renderMade } from './made.ts'
import { dryRun } from './trajectories.ts'
import { print } from '../print.ts'

interface GenerateFlags {
  readonly dryRun?: string | true
  readonly retry?: string
}

interface RunFlags extends ConfigFlags, OutputFlags {
  readonly from?: string
  readonly to?: string
  readonly regenerate?: readonly string[]
  /** Statuses of trajectories whose questions are asked again. */
  readonly retry?: string
}

const withoutSecretAddress = (_: unknown, value: unknown): unknown =>
  typeof value === 'string' && URL.canParse(value) ? withoutUrlSecrets(value) : value

const execute = async <C extends Settings>({ stages, schema }: Method<C>, flags: RunFlags): Promise<void> => {
  const { config: path, from, to, set, regenerate, retry, json, quiet = false } = flags
  const progress = createProgress({ quiet })
  const config = loadConfig(schema, path, set)
  const release = lockRun(config.run)
  const { signal, stop } = onInterrupt()
  try {
    const used = stringify(config, withoutSecretAddress, { lineWidth: 0 })
    writeFileAtomic(join(config.run, 'config.yaml'), `# ${path} as it was used, defaults filled in\n${used}`)
    const options = { run: config.run, config, stages, progress, signal, to }
    await runStages({ ...options, from, regenerate })
    if (retry !== undefined) await askAgain(options, retry)
    const reported = new Set(stages.flatMap(({ name }) => restsOn(stages, config, name)))
    const report = buildReport(
      config.run,
      stages.filter(({ name }) => reported.has(name)),
    )
    writeReport(config.run, report)
    const made = madeBy(config.run, path)
    if (json) print(`${JSON.stringify({ ...reportJson(report), made }, null, 1)}\n`)
    else if (!quiet) print(`\n${renderReport(report)}\n\n${renderMade(made)}\n`)
  } finally {
    stop()
    release()
  }
}

/** Asks questions again whose trajectories, finished and up to date, ended with one of the statuses. */
const askAgain = async <C extends Settings>(options: RunOptions<C>, statuses: string): Promise<void> => {
  const names = statuses.split(',').map((name) => name.trim())
  const questions = await noteRetry(options.run, names)
  if (questions === 0) {
    options.progress.say(`no trajectory ended with ${names.join(' or ')}: nothing to ask again`)
    return
  }
  options.progress.say(`asking ${many(questions, 'question')} again; all other trajectories are kept`)
  await runStages({ ...options, regenerate: ['generate'] })
}

const withRegenerate = (command: Command): Command =>
  withOutput(command, 'print the report and what was made as JSON').option(
    '--regenerate <stage>',
    'pay again for what this stage asked a model (repeatable)',
    collect,
  )

/** Registers the commands for any list of stages. */
export const registerFor = <C extends Settings>(program: Command, method: Method<C>): void => {
  withRegenerate(withConfig(program.command('run')))
    .description('run the pipeline; what is up to date is skipped, what was interrupted goes on')
    .option('--from <stage>', 'redo this stage and what depends on it')
    .option('--to <stage>', 'stop after this stage')
    .action((flags: RunFlags) => execute(method, flags))
  for (const stage of method.stages) {
    const command = withRegenerate(withConfig(program.command(stage.name))).description(stage.summary)
    if (stage.name === 'generate')
      command
        .option('--dry-run [questions]', 'estimate calls, tokens, money and time from the first questions (5)')
        .option('--retry <statuses>', 'ask questions again that ended with these: api-error,format-error …')
    command.action(({ dryRun: first, retry, ...flags }: RunFlags & GenerateFlags) => {
      if (first !== undefined) return dryRun(flags, first === true ? 5 : Math.max(1, Math.trunc(Number(first)) || 5))
      return execute(method, { ...flags, to: stage.name, ...(retry === undefined ? {} : { retry }) })
    })
  }
}

export const register = (program: Command): void => registerFor(program, ours)
