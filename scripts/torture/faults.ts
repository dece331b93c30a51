// Part "faults": disks that fill up or turn read-only under a run, and too few files to open. Each ends in a sentence, and with
// the fault gone the same command ends with the bytes of a run that nothing happened to. Needs the right to mount (Linux, root).
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { alignColumns } from '../../core/align.ts'
import { randomOf, type Random } from '../../core/random.ts'
import { count } from '../../pipeline/progress.ts'
import type { Outcome, PartOptions } from './part.ts'
import { cli, contents, differs, saidSo, start, writeSmallConfig, type Ended } from './run.ts'

interface Surroundings {
  readonly disk: string
  readonly args: (run: string) => string[]
  readonly milliseconds: number
  readonly random: Random
}

interface Fault {
  readonly name: string
  /** A file system of its own, mounted with these options. */
  readonly mount?: (random: Random) => string
  /** Runs the pipeline under the fault and takes the fault away again. */
  readonly run: (surroundings: Surroundings) => Promise<Ended>
}

const remount = (disk: string, options: string): void => void spawnSync('mount', ['-o', `remount,${options}`, disk])

const FAULTS: readonly Fault[] = [
  {
    name: 'a disk that fills up',
    mount: (random) => `size=${20 + random.below(1500)}k`,
    run: async ({ disk, args }) => {
      const ended = await start(args(join(disk, 'run'))).ended
      remount(disk, 'size=256m')
      return ended
    },
  },
  {
    name: 'a disk without places for files',
    mount: (random) => `size=256m,nr_inodes=${5 + random.below(60)}`,
    run: async ({ disk, args }) => {
      const ended = await start(args(join(disk, 'run'))).ended
      remount(disk, 'nr_inodes=100000')
      return ended
    },
  },
  {
    name: 'a disk that turns read-only',
    mount: () => 'size=256m',
    run: async ({ disk, args, random, milliseconds }) => {
      const { ended } = start(args(join(disk, 'run')))
      await Promise.race([ended, sleep(random.below(milliseconds))])
      // Busy with an open file it refuses; forced like that by a failing disk it would not.
      for (let tries = 0; tries < 50; tries += 1) {
        if (spawnSync('mount', ['-o', 'remount,ro', disk]).status === 0) break
        await sleep(5)
      }
      const found = await ended
      remount(disk, 'rw')
      return found
    },
  },
  {
    name: 'too few files to open',
    run: async ({ disk, args, random }) => {
      const limit = 30 + random.below(100)
      const shell = ['sh', '-c', `ulimit -n ${limit}; exec "$0" "$@"`, process.execPath, cli]
      return start(args(join(disk, 'run')), shell).ended
    },
  },
]

export const faults = async ({ seed, count: wanted, from = 0, only, say }: PartOptions): Promise<Outcome> => {
  const folder = mkdtempSync(join(tmpdir(), 'lrat-torture-'))
  const failures: string[] = []
  const rows = new Map<string, { done: number; refused: number; failed: number; skipped: number }>()
  try {
    const config = writeSmallConfig(folder)
    const args = (run: string): string[] => ['run', '-c', config, '--set', `run=${run}`]
    const whole = join(folder, 'whole')
    const began = performance.now()
    const first = await start(args(whole)).ended
    if (first.code !== 0) throw new Error(`the run that nothing happens to failed: ${first.stderr}`)
    const milliseconds = performance.now() - began
    const expected = contents(whole)
    const chosen = FAULTS.filter(({ name }) => only === undefined || name === only)
    for (let n = from; n < from + wanted; n += 1) {
      const fault = chosen[n % chosen.length]
      if (fault === undefined) break
      const random = randomOf(seed, n)
      const disk = join(folder, `disk-${n}`)
      const row = rows.get(fault.name) ?? { done: 0, refused: 0, failed: 0, skipped: 0 }
      rows.set(fault.name, row)
      mkdirSync(disk)
      const options = fault.mount?.(random)
      if (options !== undefined && spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status !== 0) {
        row.skipped += 1
        continue
      }
      try {
        const ended = await fault.run({ disk, args, milliseconds, random })
        const last = await start(args(join(disk, 'run'))).ended
        const why = [
          ...(ended.code === 0 || saidSo(ended)
            ? []
            : [`ended with ${ended.code ?? ended.signal} and no sentence: ${ended.stderr.slice(-1500)}`]),
          ...(last.code === 0 ? [] : [`did not go on afterwards: ${last.stderr.slice(-1500)}`]),
          ...[differs(join(disk, 'run'), expected)].filter((text) => text !== ''),
        ]
        if (why.length > 0) {
          row.failed += 1
          failures.push(`--seed ${seed} --from ${n} --count 1`)
          say(`failed: ${fault.name}, number ${n}: ${why.join('; ')}`)
        } else if (ended.code === 0) row.done += 1
        else row.refused += 1
      } finally {
        if (options !== undefined) spawnSync('umount', ['-l', disk])
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const cells = [...rows].map(([name, { done, refused, failed, skipped }]) => [
    name,
    ...[done, refused, failed, skipped].map(count),
  ])
  say(alignColumns([['fault', 'not met', 'said', 'failed', 'skipped'], ...cells], [1, 2, 3, 4]))
  return { done: `${count(wanted)} faults, each with the run after it`, failures }
}
