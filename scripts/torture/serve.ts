// Part "serve": requests to a real server, one in a hundred hostile: slow, unfinished, oversized, malformed, aborted. Every
// honest one gets its answer, every hostile one its refusal, and the server ends when it is told to.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alignColumns } from '../../core/align.ts'
import { randomOf, type Random } from '../../core/random.ts'
import { count } from '../../pipeline/progress.ts'
import type { Outcome, PartOptions } from './part.ts'
import { start, writeSmallConfig } from './run.ts'

const AT_ONCE = 16
/** Milliseconds that an honest request may take, on a machine that has other things to do. */
const PATIENCE = 30_000

interface Address {
  readonly url: string
  readonly host: string
  readonly port: number
}

const json = async (url: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
  const signal = AbortSignal.timeout(PATIENCE)
  const response = await fetch(url, {
    signal,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const MCP = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** A request and whether its answer is right; undefined when it is. */
type Honest = (address: Address, random: Random) => Promise<string | undefined>

const expectStatus = (found: number, wanted: number): string | undefined =>
  found === wanted ? undefined : `status ${found} instead of ${wanted}`

const HONEST: readonly (readonly [string, Honest])[] = [
  ['GET /health', async ({ url }) => expectStatus((await json(`${url}/health`)).status, 200)],
  [
    'POST /search',
    async ({ url }, random) => {
      const k = 1 + random.below(10)
      const { status, body } = await json(`${url}/search`, {
        query: `the river and the town number ${random.below(99)}`,
        k,
      })
      const hits = body['hits']
      if (status === 503) return undefined
      return expectStatus(status, 200) ?? (Array.isArray(hits) && hits.length <= k ? undefined : 'no list of hits')
    },
  ],
  [
    'POST /get_document',
    async ({ url }) => {
      const { status } = await json(`${url}/get_document`, { docid: 'no such document' })
      return status === 503 ? undefined : expectStatus(status, 404)
    },
  ],
  [
    'POST /mcp',
    async ({ url }, random) => {
      const params = { name: 'search', arguments: { query: `town ${random.below(99)}`, k: 2 } }
      const { status, body } = await json(`${url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, MCP)
      return status === 503 ? undefined : (expectStatus(status, 200) ?? ('result' in body ? undefined : 'no result'))
    },
  ],
]

const head = (path: string, length: number | string, more = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${length}\r\n${more}\r\n`

interface Hostile {
  readonly name: string
  readonly text: (random: Random) => string
  /** Statuses that are right; undefined where the client does not wait for one. */
  readonly wanted?: readonly number[]
}

const path = (random: Random): string => ['/search', '/get_document', '/v1/embeddings', '/mcp'][random.below(4)] ?? '/'

const HOSTILE: readonly Hostile[] = [
  { name: 'a body without an end', text: (random) => `${head(path(random), 1000)}{"que` },
  { name: 'a head without an end', text: () => 'POST /search HTTP/1.1\r\nHost: local' },
  { name: 'nothing at all', text: () => '' },
  { name: 'a body that is too large', text: (random) => head(path(random), 2 ** 33), wanted: [413] },
  {
    name: 'a body that does not stop',
    text: (random) =>
      `${head(path(random), 0).replace('Content-Length: 0', 'Transfer-Encoding: chunked')}${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(80)}`,
    wanted: [413],
  },
  { name: 'no JSON', text: (random) => `${head(path(random), 5, 'Connection: close\r\n')}{"a":`, wanted: [400] },
  {
    name: 'deep JSON',
    text: () => `${head('/search', 200_000, 'Connection: close\r\n')}${'['.repeat(200_000)}`,
    wanted: [400],
  },
  { name: 'two slashes', text: () => 'GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', wanted: [400] },
  {
    name: 'two hosts',
    text: () => 'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: x\r\nConnection: close\r\n\r\n',
    wanted: [400],
  },
  {
    name: 'another host',
    text: () => 'GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    wanted: [403],
  },
  {
    name: 'another origin',
    text: () => 'GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n',
    wanted: [403],
  },
  {
    name: 'a long head',
    text: () => `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    wanted: [431],
  },
  { name: 'both lengths', text: () => head('/search', 5, 'Transfer-Encoding: chunked\r\n'), wanted: [400] },
  { name: 'a negative length', text: () => head('/search', '-5'), wanted: [400] },
  {
    name: 'noise',
    text: (random) => Array.from({ length: 300 }, () => String.fromCharCode(random.below(256))).join(''),
    wanted: [400],
  },
]

/** Sends it; says what was wrong with the answer. A client that waits for none hangs up after a while, or leaves it open. */
const attack = (
  { host, port }: Address,
  { text, wanted }: Hostile,
  random: Random,
  open: Set<Socket>,
): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, host)
    open.add(socket)
    let answer = ''
    const timer = setTimeout(() => resolve(wanted ? 'no answer in time' : undefined), wanted ? PATIENCE : 0)
    const judge = (): void => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
      if (!wanted || Number.isNaN(status)) return
      clearTimeout(timer)
      resolve(wanted.includes(status) ? undefined : `status ${status} instead of ${wanted.join(' or ')}`)
      socket.destroy()
    }
    socket.setEncoding('latin1').on('data', (piece: string) => {
      answer += piece
      judge()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      open.delete(socket)
      clearTimeout(timer)
      // A refusal may be lost when the server closes while bytes are still on their way to it.
      resolve(undefined)
    })
    socket.write(text(random), 'latin1')
    if (!wanted && random.below(2) === 0) setTimeout(() => socket.destroy(), random.below(500)).unref()
  })

export const serve = async ({ seed, count: wanted, from = 0, say }: PartOptions): Promise<Outcome> => {
  const folder = mkdtempSync(join(tmpdir(), 'lrat-torture-'))
  const failures: string[] = []
  const rows = new Map<string, { sent: number; wrong: number; longest: number }>()
  const open = new Set<Socket>()
  try {
    const config = writeSmallConfig(folder)
    const run = join(folder, 'run')
    const made = await start(['run', '-c', config, '--set', `run=${run}`, '--to', 'index']).ended
    if (made.code !== 0) throw new Error(made.stderr)
    const { child, ended } = start(['serve', run, '--port', '0'])
    const url = await new Promise<string>((resolve, reject) => {
      let text = ''
      child.stderr?.on('data', (piece: string) => {
        text += piece
        const found = / at (http:\/\/\S+) /.exec(text)?.[1]
        if (found !== undefined) resolve(found)
      })
      void ended.then(({ stderr }) => reject(new Error(`the server ended: ${stderr}`)))
    })
    const address = { url, host: new URL(url).hostname, port: Number(new URL(url).port) }
    let next = from
    const worker = async (): Promise<void> => {
      for (let n = next++; n < from + wanted; n = next++) {
        const random = randomOf(seed, n)
        const hostile = random.below(100) === 0 ? HOSTILE[random.below(HOSTILE.length)] : undefined
        const honest = HONEST[random.below(HONEST.length)]
        if (honest === undefined) return
        const name = hostile?.name ?? honest[0]
        const row = rows.get(name) ?? { sent: 0, wrong: 0, longest: 0 }
        rows.set(name, row)
        const began = performance.now()
        const work = hostile ? attack(address, hostile, random, open) : honest[1](address, random)
        const why = await work.catch((error: unknown) => String(error))
        row.sent += 1
        row.longest = Math.max(row.longest, performance.now() - began)
        if (why === undefined) continue
        row.wrong += 1
        failures.push(`--seed ${seed} --from ${n} --count 1`)
        say(`failed: request ${n}, ${name}: ${why}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    // Unfinished bodies must not keep it alive.
    for (let n = 0; n < 20; n += 1) {
      const socket = connect(address.port, address.host).on('error', () => undefined)
      open.add(socket)
      socket.write(`${head('/mcp', 100)}{`)
    }
    const began = performance.now()
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    const { code, stderr } = await ended
    clearTimeout(timer)
    say(
      `after SIGTERM, with unfinished bodies, it ended with code ${code} in ${((performance.now() - began) / 1000).toFixed(1)} s`,
    )
    if (code !== 0) failures.push(`--seed ${seed} --from ${from} --count ${wanted}`)
    if (stderr.includes('error: ')) {
      say(`failed: the server said: ${stderr.slice(-1000)}`)
      failures.push(`--seed ${seed} --from ${from} --count ${wanted}`)
    }
  } finally {
    for (const socket of open) socket.destroy()
    rmSync(folder, { recursive: true, force: true })
  }
  const cells = [...rows]
    .sort()
    .map(([name, { sent, wrong, longest }]) => [name, count(sent), count(wrong), `${longest.toFixed(0)} ms`])
  say(alignColumns([['request', 'sent', 'wrong', 'longest'], ...cells], [1, 2, 3]))
  return { done: `${count(wanted)} requests`, failures }
}
