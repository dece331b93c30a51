// The model server of bench-generate, in a process of its own: the tests' fake server, given its think time.
import { searcher } from './fake-openai/scripts.ts'
import { startFake } from './fake-openai/server.ts'

const [thinkMs, most] = process.argv.slice(2).map(Number)
const server = await startFake({ script: searcher(most), thinkMs })
process.stdout.write(`${server.url}\n`)
process.on('message', () => process.send?.(server.stats))
process.on('disconnect', () => process.exit())
