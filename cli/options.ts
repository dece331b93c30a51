// Options that several commands share.
import { Option, type Command } from 'commander'

export interface ConfigFlags {
  readonly config: string
  readonly set: readonly string[]
}

/** Gathers the values of an option that may be given more than once. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const setOption = (): Option =>
  new Option('--set <key=value>', 'override a key of the configuration (repeatable)')
    .argParser(collect)
    .default([], 'none')

/** How much a command says, and to whom. */
export interface OutputFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

export const withOutput = (command: Command, json: string): Command =>
  command.option('--json', json).option('--quiet', 'say only what went wrong or deserves a second look')

export const withConfig = (command: Command): Command =>
  command.requiredOption('-c, --config <file>', 'configuration in YAML').addOption(setOption())

/** The same for a command that works without one. */
export const withOptionalConfig = (command: Command, what: string): Command =>
  command.option('-c, --config <file>', what).addOption(setOption())
