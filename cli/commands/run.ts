// `lrat run` and one command a stage.
import { type Command } from 'commander'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { loadConfig } from '../../pipeline/config.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { withoutUrlSecrets } from '../../core/secrets.ts'
import { lockRun } from '../../pipeline/lock.ts'
import { createProgress } from '../../pipeline/progress.ts'
import { runStages } from '../../pipeline/runner.ts'
import { renderReport } from '../../stages/report/render.ts'
import { buildReport, writeReport } from '../../stages/report/report.ts'
import { stages } from '../../stages/all.ts'
import { configSchema } from '../../stages/config.ts'
import { withConfig, type ConfigFlags } from '../options.ts'
import { onInterrupt } from '../interrupt.ts'
import { dryRun } from './trajectories.ts'
import { print } from '../print.ts'

interface RunFlags extends ConfigFlags {
  readonly from?: string
  readonly to?: string
}

const withoutSecretAddress = (_: unknown, value: unknown): unknown =>
  typeof value === 'string' && URL.canParse(value) ? withoutUrlSecrets(value) : value

const execute = async ({ config: path, from, to, set }: RunFlags): Promise<void> => {
  const config = loadConfig(configSchema, path, set)
  const release = lockRun(config.run)
  const { signal, stop } = onInterrupt()
  try {
    const used = stringify(config, withoutSecretAddress, { lineWidth: 0 })
    writeFileAtomic(join(config.run, 'config.yaml'), `# ${path} as it was used, defaults filled in\n${used}`)
    await runStages({ run: config.run, config, stages, progress: createProgress(), signal, from, to })
    const report = buildReport(config.run)
    writeReport(config.run, report)
    print(`\n${renderReport(report)}\n`)
  } finally {
    stop()
    release()
  }
}

export const register = (program: Command): void => {
  withConfig(program.command('run'))
    .description('run the pipeline; what is up to date is skipped, what was interrupted goes on')
    .option('--from <stage>', 'redo this stage and what depends on it')
    .option('--to <stage>', 'stop after this stage')
    .action(execute)
  for (const stage of stages) {
    const command = withConfig(program.command(stage.name)).description(stage.summary)
    if (stage.name === 'generate')
      command.option('--dry-run [questions]', 'estimate calls, tokens, money and time from the first questions (5)')
    command.action(({ dryRun: first, ...flags }: RunFlags & { readonly dryRun?: string | true }) =>
      first === undefined
        ? execute({ ...flags, to: stage.name })
        : dryRun(flags, first === true ? 5 : Math.max(1, Math.trunc(Number(first)) || 5)),
    )
  }
}
