#!/usr/bin/env node
// The command line: a thin layer over the stages. A command's module is loaded only when it is asked for.
import { Command } from 'commander'
import { codeOf, Interrupted, UserError, messageOf } from '../core/errors.ts'
import { withoutSecrets } from '../core/secrets.ts'
import { version } from '../core/versions.ts'

interface CommandModule {
  readonly register: (program: Command) => void
}

const stages = ['ingest', 'index', 'generate', 'filter', 'mine', 'weigh', 'export', 'train', 'evaluate', 'report']

/** Modules by the commands they hold. */
const modules: readonly { readonly commands: readonly string[]; readonly load: () => Promise<CommandModule> }[] = [
  { commands: ['run', ...stages], load: () => import('./commands/run.ts') },
  { commands: ['status', 'show', 'clean'], load: () => import('./commands/inspect.ts') },
  { commands: ['export-trajectories', 'judge-agreement'], load: () => import('./commands/trajectories.ts') },
  { commands: ['search', 'retrieve'], load: () => import('./commands/search.ts') },
  { commands: ['inspect-logs'], load: () => import('./commands/inspect-logs.ts') },
  { commands: ['metrics'], load: () => import('./commands/metrics.ts') },
  { commands: ['agents'], load: () => import('./commands/agents.ts') },
  { commands: ['serve'], load: () => import('./commands/serve.ts') },
  { commands: ['devices', 'check-engine', 'encode', 'export-onnx'], load: () => import('./commands/engine.ts') },
]

const asked = modules.filter(({ commands }) => commands.includes(process.argv[2] ?? ''))

const program = new Command('lrat')
  .description("Turns search agents' trajectories into better retrievers.")
  .version(version)
  .showHelpAfterError('(add --help for usage)')
  .configureHelp({ sortSubcommands: false, showGlobalOptions: false })

for (const { load } of asked.length > 0 ? asked : modules) (await load()).register(program)

// A reader that has seen enough, as in `lrat show … | head`, is no error.
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof Interrupted) {
    process.stderr.write(`\n${messageOf(error)}\n`)
    process.exitCode = 130
  } else {
    const text =
      error instanceof UserError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)
    process.stderr.write(`\nerror: ${withoutSecrets(text)}\n`)
    process.exitCode = 1
  }
}
