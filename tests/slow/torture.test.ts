// The torture in two minutes: some of each part, from a seed that LRAT_TORTURE_SEED changes; a failure prints what repeats it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const torture = fileURLToPath(new URL('../../dist/scripts/torture.js', import.meta.url))

const seed = process.env['LRAT_TORTURE_SEED'] ?? '1'

test.each([
  ['fuzz', 1500],
  ['serve', 1000],
  ['kill', 6],
  ['faults', 4],
])('%s, %i of them', (part, count) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [torture, part, '--seed', seed, '--count', String(count)],
    {
      encoding: 'utf8',
    },
  )
  expect(stdout + stderr).toMatch(/, 0 failures/)
  expect(status).toBe(0)
})
