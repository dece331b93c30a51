// The machine: platform, binaries, devices, ports.
import { createServer } from 'node:net'
import { messageOf } from '../../core/errors.ts'
import { all, connect } from '../../core/database.ts'
import { listDevices } from '../../model/execute/devices.ts'
import type { Device } from '../../model/execute/device-names.ts'
import { green, looking, red, yellow, type Check } from './doctor-check.ts'

const PLATFORMS: ReadonlySet<string> = new Set(['linux/x64', 'linux/arm64', 'darwin/arm64', 'win32/x64'])

const isMusl = (): boolean => {
  if (process.platform !== 'linux') return false
  const report: unknown = process.report.getReport()
  const text = JSON.stringify(report)
  return !text.includes('"glibcVersionRuntime"')
}

const platform = (): Check => {
  const here = `${process.platform}/${process.arch}`
  const found = `${here}${isMusl() ? ' with musl' : ''}, Node ${process.versions.node}`
  if (!PLATFORMS.has(here) || isMusl())
    return red('platform', found, 'Use Linux (x64 or ARM64, glibc), macOS on Apple silicon, or Windows on x64.')
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 19)
    ? green('platform', found)
    : red('platform', found, 'Install Node 20.19 or newer.')
}

const binary = async (name: string, use: () => Promise<unknown>): Promise<Check> => {
  try {
    await use()
    return green('binaries', `${name} works`)
  } catch (error) {
    return red('binaries', `${name}: ${messageOf(error).split('\n')[0] ?? ''}`, 'Install again: npm ci.')
  }
}

const duckdb = async (): Promise<void> => {
  const connection = await connect({ threads: 1 })
  try {
    await all(connection, 'SELECT 1')
  } finally {
    connection.closeSync()
  }
}

/** `wanted` is the device of the configuration, if there is one: it has to work; of the others it is only said. */
const devices = async (wanted: Device | 'auto' | undefined): Promise<Check[]> => {
  const found = await listDevices()
  const working = found.filter(({ works }) => works).map(({ device }) => device)
  const asked = wanted?.startsWith('torch') ? 'torch' : wanted
  const missing = found.find(({ device, works }) => device === asked && !works)
  return [
    missing
      ? red('devices', `${missing.device}, which the configuration asks for: ${missing.detail}`, 'Or set device: auto.')
      : green(
          'devices',
          `${working.join(', ')} work${wanted === undefined ? '' : `; the configuration asks for ${wanted}`}`,
        ),
    ...(asked === undefined
      ? found.filter(({ device, works }) => !works && (device === 'torch' || device === 'webgpu'))
      : []
    ).map(({ device, detail }) =>
      yellow('devices', `${device}: ${detail}`, 'Only needed to train on a graphics card.'),
    ),
  ]
}

const port = (number: number): Promise<Check> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () =>
      resolve(yellow('ports', `${number} is taken`, `lrat serve takes another with --port; 0 chooses a free one.`)),
    )
    server.listen(number, '127.0.0.1', () =>
      server.close(() => resolve(green('ports', `${number} is free for lrat serve`))),
    )
  })

export const checkMachine = async (wanted: Device | 'auto' | undefined): Promise<readonly Check[]> => [
  platform(),
  await binary('DuckDB', duckdb),
  await binary('LanceDB', () => import('@lancedb/lancedb')),
  ...(await looking('devices', () => devices(wanted))),
  await port(8080),
]
