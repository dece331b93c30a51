// A model's server that is not there is said at once, not when patience is at its end.
import { expect, test } from 'vitest'
import { createServer, type AddressInfo } from 'node:net'
import { startCli } from '../helpers/cli.ts'
import { tempFolders, writeFiles } from '../helpers/temp.ts'

const temp = tempFolders()

/** A port that was free a moment ago. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

test('generate says that nobody listens while it goes on trying', async () => {
  const cwd = temp()
  const base_url = `http://127.0.0.1:${await freePort()}/v1`
  writeFiles(cwd, {
    'config.yaml': JSON.stringify({
      run: 'run',
      corpus: { format: 'synthetic', articles: 100, questions: 10 },
      llm: { agent: { model: 'm', endpoints: [{ base_url }] } },
      generate: { agent: 'tools' },
    }),
  })
  const { child, result, waitFor } = startCli(['run', '-c', 'config.yaml', '--to', 'generate'], { cwd })
  await waitFor(`note: ${base_url}: connection refused, retrying for 60 s; Ctrl-C stops`)
  child.kill('SIGINT')
  const { code, stderr } = await result
  expect(code).toBe(130)
  expect(stderr.split('connection refused')).toHaveLength(2)
  expect(stderr).not.toContain('ECONN')
})
