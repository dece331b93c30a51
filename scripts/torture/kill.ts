// Part "kill": runs that are killed at random, alone and several at once, with the configuration changed and taken back;
// what comes out in the end has the same bytes as a run that nothing happened to.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf, type Random } from '../../core/random.ts'
import { count } from '../../pipeline/progress.ts'
import type { Outcome, PartOptions } from './part.ts'
import { contents, differs, saidSo, start, writeSmallConfig, type Ended, type Started } from './run.ts'

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const
const CHANGES = [
  'weigh.half_life=20',
  'train.epochs=2',
  'mine.negatives=turn',
  'generate.max_steps=5',
  'evaluate.resamples=200',
]
/** Processes of a run that are killed before it may end. */
const KILLS_A_RUN = 6

const inUse = ({ code, stderr }: Ended): boolean =>
  code === 1 && stderr.includes('a run folder that no other process works in')

/** Whether a process ended as one may: done, killed, interrupted, or kept out by another. */
const isFine = (ended: Ended): boolean =>
  ended.code === 0 || ended.code === 130 || ended.signal !== null || inUse(ended)

const one = async (
  start: (...more: string[]) => Started,
  random: Random,
  milliseconds: number,
  known: readonly string[],
) => {
  const change = random.below(3) === 0 ? known[random.below(known.length)] : undefined
  const more = change === undefined ? [] : ['--set', change]
  const together = random.below(4) === 0 ? 2 + random.below(2) : 1
  const processes = Array.from({ length: together }, () => start(...more))
  // Early on much happens in little time, so short lives are as likely as long ones.
  const life = random.below(2) === 0 ? random.below(milliseconds) : random.below(Math.ceil(milliseconds / 4))
  await Promise.race([sleep(life), Promise.all(processes.map(({ ended }) => ended))])
  let kills = 0
  for (const { child } of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill(SIGNALS[random.below(SIGNALS.length)])
    kills += 1
  }
  return { kills, ends: await Promise.all(processes.map(({ ended }) => ended)) }
}

/** `count` kills; a run's number repeats it (as far as time lets it: when a process is killed is drawn, not where). */
export const kill = async ({ seed, count: wanted, from = 0, say }: PartOptions): Promise<Outcome> => {
  const folder = mkdtempSync(join(tmpdir(), 'lrat-torture-'))
  const failures: string[] = []
  let [kills, runs] = [0, 0]
  try {
    const config = writeSmallConfig(folder)
    const starter =
      (run: string) =>
      (...more: string[]): Started =>
        start(['run', '-c', config, '--set', `run=${run}`, ...more])
    const whole = join(folder, 'whole')
    const began = performance.now()
    const first = await starter(whole)().ended
    if (first.code !== 0) throw new Error(`the run that nothing happens to failed: ${first.stderr}`)
    const milliseconds = performance.now() - began
    const expected = contents(whole)
    // A change that this version of the configuration does not know is none.
    const known: string[] = []
    for (const change of CHANGES)
      if ((await start(['status', '-c', config, '--set', `run=${whole}`, '--set', change]).ended).code === 0)
        known.push(change)
    for (let n = from; kills < wanted; n += 1) {
      const random = randomOf(seed, n)
      const run = join(folder, `run-${n}`)
      const fail = (why: string): void => {
        failures.push(`--seed ${seed} --from ${n} --count ${KILLS_A_RUN}`)
        say(`failed: run ${n}: ${why}`)
      }
      for (let killed = 0, tries = 0; killed < KILLS_A_RUN && kills < wanted && tries < 3 * KILLS_A_RUN; tries += 1) {
        const { kills: more, ends } = await one(starter(run), random, milliseconds, known)
        kills += more
        killed += more
        for (const ended of ends)
          if (!isFine(ended)) fail(`a process ended with ${ended.code}: ${ended.stderr.slice(-1000)}`)
      }
      const last = await starter(run)().ended
      if (last.code !== 0)
        fail(
          `the last process ended with ${last.code}${saidSo(last) ? '' : ' and no sentence'}: ${last.stderr.slice(-1000)}`,
        )
      const difference = differs(run, expected)
      if (difference !== '') fail(difference)
      runs += 1
      if (failures.length === 0) rmSync(run, { recursive: true, force: true })
      if (runs % 10 === 0) say(`${count(kills)} kills over ${runs} runs`)
    }
  } finally {
    if (failures.length === 0) rmSync(folder, { recursive: true, force: true })
    else say(`the runs are left in ${folder}`)
  }
  return { done: `${count(kills)} kills over ${count(runs)} runs, ${count(runs)} comparisons`, failures }
}
