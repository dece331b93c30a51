// Torture: kills, damaged inputs, failing disks and hostile clients, drawn by a seed and counted.
// usage: node dist/scripts/torture.js [kill|fuzz|faults|serve]... [--seed 1] [--count N] [--from N] [--only NAME]
// Each part prints what it did; a failure is printed with the flags that repeat it, and makes the exit code 1.
import { parseArgs } from 'node:util'
import { faults } from './torture/faults.ts'
import { fuzz } from './torture/fuzz.ts'
import { kill } from './torture/kill.ts'
import type { Outcome, PartOptions } from './torture/part.ts'
import { serve } from './torture/serve.ts'

interface Part {
  readonly run: (options: PartOptions) => Promise<Outcome>
  /** How many by default: some minutes on two cores. */
  readonly count: number
}

const parts: Readonly<Record<string, Part>> = {
  kill: { run: kill, count: 50 },
  fuzz: { run: fuzz, count: 10_000 },
  faults: { run: faults, count: 40 },
  serve: { run: serve, count: 5000 },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    count: { type: 'string' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})

const say = (text: string): void => console.log(text)
const wanted = positionals.length > 0 ? positionals : Object.keys(parts)
for (const name of wanted) {
  const part = Object.hasOwn(parts, name) ? parts[name] : undefined
  if (part === undefined) {
    console.error(`there is no part ${name}: ${Object.keys(parts).join(', ')}`)
    process.exit(2)
  }
  const began = performance.now()
  const { seed, count = String(part.count), from, only } = values
  say(`== ${name}, seed ${seed}`)
  const options = { seed: Number(seed), count: Number(count), from: Number(from), say }
  const { done, failures } = await part.run(only === undefined ? options : { ...options, only })
  say(`${done} in ${((performance.now() - began) / 1000).toFixed(0)} s, ${failures.length} failures`)
  for (const failure of failures)
    say(`  repeat: node dist/scripts/torture.js ${name} ${failure.replace(/^.*?: --/, '--')}`)
  if (failures.length > 0) process.exitCode = 1
}
