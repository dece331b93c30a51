// `lrat completion`: a script that completes commands, options and their choices, made from the commands themselves.
import { Argument, type Command } from 'commander'
import { print } from '../print.ts'

interface Completed {
  readonly name: string
  readonly summary: string
  readonly options: readonly { readonly flag: string; readonly summary: string; readonly choices: readonly string[] }[]
}

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** What can be completed, in the order of the help. */
const commandsOf = (program: Command): Completed[] =>
  program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    options: command.options.flatMap(({ long, description, argChoices }) =>
      typeof long === 'string' ? [{ flag: long, summary: description, choices: argChoices ?? [] }] : [],
    ),
  }))

/** In single quotes, as all three shells take them; an apostrophe becomes a typographic one, for they differ there. */
const quoted = (text: string): string => `'${text.replaceAll("'", '’').replaceAll(/\s+/g, ' ')}'`

const bash = (commands: readonly Completed[]): string => {
  const names = commands.map(({ name }) => name).join(' ')
  const flags = commands.map(
    ({ name, options }) => `    ${name}) words='${options.map(({ flag }) => flag).join(' ')}' ;;`,
  )
  const choices = commands.flatMap(({ name, options }) =>
    options.flatMap(({ flag, choices: values }) =>
      values.length === 0 ? [] : [`    ${name}:${flag}) words='${values.join(' ')}'; value=1 ;;`],
    ),
  )
  return `# lrat: completion for bash. Put it into ~/.bashrc: source <(lrat completion bash)
_lrat() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words='' value=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names} help --help --version' -- "$word"))
    return
  fi
  case "$command:$before" in
${choices.join('\n')}
  esac
  if [ -z "$value" ]; then case "$word" in -*) case "$command" in
${flags.join('\n')}
  esac ;; esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _lrat lrat
`
}

const zsh = (commands: readonly Completed[]): string => {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', ' -')}`)}`)
  const cases = commands.map(({ name, options }) => {
    const specs = options.map(({ flag, summary, choices }) => {
      const note = summary.replaceAll(/[[\]:\\]/g, ' ')
      return quoted(`${flag}[${note}]${choices.length > 0 ? `:value:(${choices.join(' ')})` : ''}`)
    })
    return `    ${name}) _arguments ${[...specs, "'*:file:_files'"].join(' ')} ;;`
  })
  return `#compdef lrat
# lrat: completion for zsh. Put it into ~/.zshrc, after compinit: source <(lrat completion zsh)
_lrat() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _lrat lrat
`
}

const fish = (commands: readonly Completed[]): string =>
  [
    '# lrat: completion for fish. Put it into ~/.config/fish/completions/lrat.fish',
    ...commands.flatMap(({ name, summary, options }) => [
      `complete -c lrat -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
      ...options.map(({ flag, summary: what, choices }) => {
        const values = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : ''
        return `complete -c lrat -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -l ${flag.slice(2)}${values} -d ${quoted(what)}`
      }),
    ]),
    '',
  ].join('\n')

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Completed[]) => string>> = { bash, zsh, fish }

const isShell = (name: string): name is Shell => SHELLS.some((shell) => shell === name)

/** `all` loads every command of the program, which otherwise has only the one that was asked for. */
export const registerCompletion = (program: Command, all: () => Promise<Command>): void => {
  program
    .command('completion')
    .description('print a script for the shell that completes commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nbash: source <(lrat completion bash)   zsh: source <(lrat completion zsh)\nfish: lrat completion fish > ~/.config/fish/completions/lrat.fish',
    )
    .action(async (shell: string) => {
      if (isShell(shell)) print(SCRIPTS[shell](commandsOf(await all())))
    })
}
