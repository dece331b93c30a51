// The pages: links lead somewhere, the files they name exist, commands they show are commands, tables are described.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { tables } from '../data/schemas.ts'
import { runCli } from './helpers/cli.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  'configs/sample/README.md',
]
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

describe.each(pages)('%s', (page) => {
  const text = textOf(page)

  test('links to what is there', () => {
    const targets = Array.from(text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g), ([, target = '']) => target)
    const lost = targets.filter((target) => !/^https?:/.test(target) && !existsSync(join(root, dirname(page), target)))
    expect(lost).toEqual([])
  })

  test('names sources that are there', () => {
    const named = text.matchAll(
      /`((?:core|data|pipeline|model|search|agents|evaluation|demo|stages|serve|cli|scripts|tests|configs)\/[\w./-]+)`/g,
    )
    const lost = Array.from(named, ([, path = '']) => path).filter((path) => !existsSync(join(root, path)))
    expect(lost).toEqual([])
  })

  test('wraps its prose at 120', () => {
    let code = false
    const wide = text.split('\n').filter((line) => {
      if (line.startsWith('```')) code = !code
      return !code && !line.startsWith('|') && line.length > 120 && /\s/.test(line.slice(0, 120).trim())
    })
    // Changes are one line each, as they are added.
    if (page !== 'CHANGELOG.md') expect(wide).toEqual([])
  })
})

// One process a command: long where the machine has other work.
test(
  'every command that a page shows has the name and the options it is shown with',
  { timeout: 300_000 },
  async () => {
    const shown = pages.flatMap((page) =>
      Array.from(
        textOf(page).matchAll(/^(?:npx )?lrat ([a-z][a-z-]*)([^#|\n]*)/gm),
        ([line, name = '', rest = '']) => ({
          line: `${page}: ${line.trim()}`,
          name,
          options: Array.from(rest.matchAll(/(?<=\s)(--[a-z][a-z-]*|-[a-z])(?=[\s=]|$)/g), ([option]) => option),
        }),
      ),
    )
    expect(shown.length).toBeGreaterThan(10)
    const names = [...new Set(shown.map(({ name }) => name))]
    const helps = new Map<string, string>()
    for (const name of names) helps.set(name, (await runCli(['help', name], { cwd: root })).stdout)
    const wrong = shown.filter(({ name, options }) => {
      const help = helps.get(name) ?? ''
      return !help.startsWith(`Usage: lrat ${name}`) || !options.every((option) => help.includes(option))
    })
    expect(wrong.map(({ line }) => line)).toEqual([])
  },
)

test('docs/formats.md describes every table and column', () => {
  const text = textOf('docs/formats.md')
  for (const { name, columns } of tables) {
    const row = text.split('\n').find((line) => line.includes(`| \`${name}\` |`)) ?? ''
    for (const column of Object.keys(columns)) expect(row, name).toContain(`\`${column}\``)
  }
})
