// Completion: the script is run by the shell it is for, where that shell is installed.
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { stages } from '../../stages/all.ts'
import { runCli } from '../helpers/cli.ts'
import { tempFolders } from '../helpers/temp.ts'

const temp = tempFolders()
const cwd = temp()
const installed = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined
const shells = ['bash', 'zsh', 'fish']
const scripts = new Map<string, string>()

beforeAll(async () => {
  for (const shell of shells) {
    const { code, stdout } = await runCli(['completion', shell], { cwd })
    expect(code).toBe(0)
    scripts.set(shell, stdout)
    writeFileSync(join(cwd, shell), stdout)
  }
})

test('every script has every stage, and the options and choices of commands', () => {
  for (const shell of shells) {
    const script = scripts.get(shell) ?? ''
    for (const { name } of stages) expect(script).toContain(name)
    for (const word of ['regenerate', 'retriever', 'hnsw', 'completion']) expect(script).toContain(word)
  }
})

for (const shell of shells)
  test.skipIf(!installed(shell))(`${shell} reads it without complaint`, () => {
    const { status, stderr } = spawnSync(shell, ['-n', join(cwd, shell)], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

describe.skipIf(!installed('bash'))('bash completes', () => {
  const complete = (...words: string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(' ')
    const ask = `source ./bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _lrat; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['--norc', '-c', ask], { cwd, encoding: 'utf8' }).trim().split('\n')
  }
  const cases: readonly (readonly [words: readonly string[], found: readonly string[]])[] = [
    [['lrat', 'tr'], ['train']],
    [['lrat', 'run', '--fr'], ['--from']],
    [
      ['lrat', 'retrieve', '--approximate', ''],
      ['ivf', 'hnsw'],
    ],
    [['lrat', 'run', 'x'], ['']],
  ]
  test.each(cases)('%j', (words, found) => {
    expect(complete(...words)).toEqual(found)
  })
})
