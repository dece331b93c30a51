// SIGKILL at random moments of every stage; the restarted pipeline ends with the bytes of one that was never killed.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomOf } from '../../core/random.ts'
import { hashFile } from '../../pipeline/fingerprint.ts'
import { readManifest } from '../../pipeline/manifest.ts'
import { stages } from '../../stages/all.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lrat-kill-'))
const config = join(folder, 'small.yaml')
const PASSES = 2
const MOST_PASSES = 8
const KILLS = 20
const SEED = Number(process.env['LRAT_KILL_SEED'] ?? Date.now() % 1_000_000)

const names = stages.map((stage) => stage.name)

beforeAll(() => {
  writeFileSync(
    config,
    `run: unused
corpus: { format: synthetic, articles: 300, questions: 40 }
queries: { test_share: 0.3 }
generate: { max_steps: 8, concurrency: 4 }
train: { seeds: [1], weightings: [lrat, none], dimensions: 16, vocabulary: 2000, epochs: 2, batch_size: 4, checkpoint_every: 2, dev: { share: 0.2, every: 3 } }
evaluate: { resamples: 100 }
`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A run of the command, and what it says about itself. */
interface Running {
  /** The exit code; null when it was killed. */
  readonly exit: Promise<number | null>
  /** Resolves when the stage has begun or the process has ended. */
  begun(stage: string): Promise<void>
  kill(): void
  /** The stage that began last, if none has ended since. */
  current(): string | undefined
}

const start = (run: string): Running => {
  const child = spawn(process.execPath, [main, 'run', '-c', config, '--set', `run=${run}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  let notify = (): void => undefined
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    notify()
  })
  const exit = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  return {
    exit: exit.then((code) => {
      if (code !== null && code !== 0) throw new Error(`exit code ${code}:\n${text}`)
      return code
    }),
    begun: (stage) => {
      const seen = new Promise<void>((resolve) => {
        notify = () => {
          if (new RegExp(`^${stage} +(starts|resumes)`, 'm').test(text)) resolve()
        }
        notify()
      })
      return Promise.race([seen, exit.then(() => undefined)])
    },
    kill: () => child.kill('SIGKILL'),
    current: () => {
      const [, stage, says] = [...text.matchAll(/^(\w+) +(starts|resumes|\d|up to date)/gm)].at(-1) ?? []
      return says === 'starts' || says === 'resumes' ? stage : undefined
    },
  }
}

/** SHA-256 of everything that must not depend on how often the run was killed. */
const contents = (run: string): Record<string, string> => {
  const manifests = names.map((name) => [name, readManifest(join(run, name))] as const)
  const tables = manifests.flatMap(([name, manifest]) =>
    Object.entries(manifest!.tables)
      .filter(([table]) => table !== 'timings')
      .flatMap(([, parts]) => parts.map((part) => [`${name}/${part.file}`, part.sha256])),
  )
  // LanceDB names its files at random, and timings are never the same.
  const files = manifests
    .filter(([name]) => name !== 'index')
    .flatMap(([name, manifest]) => manifest!.files.map((file) => [`${name}/${file.file}`, file.sha256]))
    .filter(([name]) => !/report\.txt$/.test(name))
  const counts = manifests.map(([name, manifest]) => [`${name} counts`, JSON.stringify(manifest!.counts)])
  return Object.fromEntries([...tables, ...files, ...counts]) as Record<string, string>
}

it(`ends with the same bytes after ${KILLS} and more kills`, async () => {
  const whole = join(folder, 'whole')
  expect(await start(whole).exit).toBe(0)
  const expected = contents(whole)
  expect(Object.keys(expected).filter((name) => name.endsWith('model.safetensors'))).not.toEqual([])
  const seconds = new Map(names.map((name) => [name, readManifest(join(whole, name))!.seconds]))

  console.log(`seed ${SEED}; the same again with LRAT_KILL_SEED=${SEED}`)
  const killedIn: string[] = []
  const wanted = (): boolean => killedIn.length < KILLS || new Set(killedIn).size < names.length - 2
  for (let pass = 0; pass < PASSES || (wanted() && pass < MOST_PASSES); pass += 1) {
    const run = join(folder, `killed-${pass}`)
    for (const [at, stage] of names.entries()) {
      const running = start(run)
      await running.begun(stage)
      const share = randomOf(SEED, pass, at).below(1000) / 1000
      await sleep(share * (seconds.get(stage) ?? 0) * 1000)
      running.kill()
      const killed = (await running.exit) === null
      // The stage that really ran then, which may be a later one.
      const during = running.current()
      if (killed && during !== undefined) killedIn.push(during)
    }
    expect(await start(run).exit).toBe(0)
    expect(contents(run)).toEqual(expected)
    const left = readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.tmp$|scratch|progress\.json|work$/.test(name),
    )
    expect(left).toEqual([])
    const { funnel } = JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as { funnel: unknown }
    expect(funnel).toEqual((JSON.parse(readFileSync(join(whole, 'report.json'), 'utf8')) as { funnel: unknown }).funnel)
    rmSync(run, { recursive: true })
  }
  console.log(`killed in ${killedIn.join(', ')}`)
  expect(wanted(), 'enough kills, in enough stages').toBe(false)
  expect(hashFile(join(whole, 'export', 'lrat-train.jsonl'))).toBe(expected['export/lrat-train.jsonl'])
})
