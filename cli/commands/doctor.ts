// `lrat doctor`: whether this machine, and what a configuration names, are fit for a run.
import { type Command } from 'commander'
import { fitColumns } from '../../core/align.ts'
import { painter } from '../../core/style.ts'
import { printable } from '../../core/terminal.ts'
import { isDeviceOrAuto } from '../../model/execute/device-names.ts'
import { loadConfig } from '../../pipeline/config.ts'
import { many } from '../../pipeline/progress.ts'
import { configSchema } from '../../stages/config.ts'
import { withOptionalConfig } from '../options.ts'
import { print } from '../print.ts'
import { failed, type Check, type Level } from './doctor-check.ts'
import { checkConfig } from './doctor-config.ts'
import { checkMachine } from './doctor-machine.ts'

interface Flags {
  readonly config?: string
  readonly set: readonly string[]
  readonly json?: boolean
}

const MARKS: Readonly<Record<Level, string>> = { green: 'ok', yellow: 'note', red: 'wrong' }

const look = async ({ config: path, set }: Flags): Promise<Check[]> => {
  if (path === undefined) return [...(await checkMachine(undefined))]
  try {
    const config = loadConfig(configSchema, path, set)
    const device = isDeviceOrAuto(config.device) ? config.device : undefined
    return [...(await checkMachine(device)), ...(await checkConfig(config))]
  } catch (error) {
    return [...(await checkMachine(undefined)), failed('configuration', error)]
  }
}

const doctor = async (flags: Flags): Promise<void> => {
  const checks = await look(flags)
  const of = (level: Level): number => checks.filter((check) => check.level === level).length
  const worst: Level = of('red') > 0 ? 'red' : of('yellow') > 0 ? 'yellow' : 'green'
  if (worst === 'red') process.exitCode = 1
  if (flags.json) {
    print(`${JSON.stringify({ level: worst, checks }, null, 1)}\n`)
    return
  }
  const paint = painter(process.stdout)
  const rows = checks.map(({ check, level, found, fix }) => [
    MARKS[level],
    check,
    printable(fix === undefined || fix === '' || level === 'green' ? found : `${found.replace(/\.$/, '')}. ${fix}`),
  ])
  const table = fitColumns(rows, process.stdout.columns)
  const coloured = table.replaceAll(/^(ok|note|wrong)(?= )/gm, (mark) =>
    paint(mark === 'ok' ? 'green' : mark === 'note' ? 'yellow' : 'red', mark),
  )
  process.stdout.write(`${coloured}\n`)
  print(
    worst === 'red'
      ? `\n${many(of('red'), 'thing is', 'things are')} wrong\n`
      : `\nfit for a run${of('yellow') > 0 ? `, with ${many(of('yellow'), 'note')}` : ''}\n`,
  )
}

export const register = (program: Command): void => {
  withOptionalConfig(program.command('doctor'), 'also look at what this configuration needs')
    .description('whether this machine, and what a configuration names, are fit for a run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 where something is wrong (red), 0 where all is well or only noted.')
    .action(doctor)
}
