// The process that `probe` starts: tries one device and prints what came of it.
import { isDevice } from './device-names.ts'
import { tryDevice } from './devices.ts'
import { ANSWER } from './probe.ts'

const [, , device = '', ask] = process.argv
if (!isDevice(device)) throw new Error(`no device ${device}`)
const trial = await tryDevice(device, ask === 'worth it' ? 'worth it' : 'works')
process.stdout.write(`\n${ANSWER}${JSON.stringify(trial)}\n`, () => process.exit(0))
