#!/usr/bin/env node
// The command line: a thin layer over the stages. A command's module is loaded only when it is asked for.
import { Command } from 'commander'
import { codeOf, Interrupted, UserError, messageOf } from '../core/errors.ts'
import { lastWords } from '../core/disk-error.ts'
import { withoutSecrets } from '../core/secrets.ts'
import { painter } from '../core/style.ts'
import { printable } from '../core/terminal.ts'
import { version } from '../core/versions.ts'

interface CommandModule {
  readonly register: (program: Command) => void
}

/** Modules by the commands they hold; `run` also holds one command a stage. */
const modules: readonly { readonly commands: readonly string[]; readonly load: () => Promise<CommandModule> }[] = [
  { commands: ['init'], load: () => import('./commands/init.ts') },
  { commands: ['doctor'], load: () => import('./commands/doctor.ts') },
  { commands: ['run'], load: () => import('./commands/run.ts') },
  { commands: ['status', 'show', 'clean'], load: () => import('./commands/inspect.ts') },
  { commands: ['export-trajectories', 'judge-agreement'], load: () => import('./commands/trajectories.ts') },
  { commands: ['export-queries', 'export-qrels'], load: () => import('./commands/export-test-collection.ts') },
  { commands: ['export-train'], load: () => import('./commands/export-train.ts') },
  { commands: ['search', 'retrieve'], load: () => import('./commands/search.ts') },
  { commands: ['inspect-logs'], load: () => import('./commands/inspect-logs.ts') },
  { commands: ['metrics'], load: () => import('./commands/metrics.ts') },
  { commands: ['agents'], load: () => import('./commands/agents.ts') },
  { commands: ['serve'], load: () => import('./commands/serve.ts') },
  { commands: ['devices', 'check-engine', 'encode', 'export-onnx'], load: () => import('./commands/engine.ts') },
  {
    commands: ['completion'],
    load: async () => {
      const { registerCompletion } = await import('./commands/completion.ts')
      return { register: (program) => registerCompletion(program, registerAll) }
    },
  },
]

/** A program with every command. */
const registerAll = async (): Promise<Command> => {
  const whole = new Command('lrat')
  for (const { load } of modules) {
    const { register } = await load()
    register(whole)
  }
  return whole
}

const program = new Command('lrat')
  .description("Turns search agents' trajectories into better retrievers.")
  .version(version)
  .showHelpAfterError('(add --help for usage)')
  .configureHelp({ sortSubcommands: false, showGlobalOptions: false })

/** Loads the module of the command that is asked for; all of them where there is no such command. */
const registerAsked = async (): Promise<void> => {
  const asked = process.argv[2] ?? ''
  const holders = modules.filter(({ commands }) => commands.includes(asked))
  for (const { load } of holders.length > 0 ? holders : modules) {
    const { register } = await load()
    register(program)
    if (program.commands.some((command) => command.name() === asked)) return
  }
}

// A reader that has seen enough, as in `lrat show … | head`, is no error.
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error
  process.exit(0)
})

/** Says what went wrong, without what must not be shown, and returns the exit code. */
const report = (thrown: unknown): number => {
  if (thrown instanceof Interrupted) {
    process.stderr.write(`\n${messageOf(thrown)}\n`)
    return 130
  }
  const error = lastWords(thrown)
  const text =
    error instanceof UserError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)
  const paint = painter(process.stderr)
  process.stderr.write(`\n${paint('red', 'error:')} ${printable(withoutSecrets(text))}\n`)
  return 1
}
// What no promise is there to tell of, such as a stream's write that fails.
process.on('uncaughtException', (error) => process.exit(report(error)))

try {
  await registerAsked()
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
