// Tries devices out in a process of its own: what drivers print, and a driver that crashes, stay there.
import { spawn } from 'node:child_process'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { packageRoot } from '../../core/versions.ts'

const trialSchema = z.object({
  /** What went wrong and what to do; null where the device works. */
  wrong: z.object({ found: z.string(), fix: z.string() }).nullable(),
  /** What runs it, where the trial knows more than the name. */
  detail: z.string().optional(),
  /** Whether it beats the processor; left out where that was not asked. */
  worthIt: z.boolean().optional(),
})
export type Trial = z.output<typeof trialSchema>

/** Before the one line that is the answer: drivers print on standard output as well. */
export const ANSWER = 'lrat-probe '

const script = (): string => {
  const folder = dirname(fileURLToPath(import.meta.url))
  // Node runs no TypeScript: the sources (in tests) start the compiled module.
  return import.meta.url.endsWith('.ts')
    ? join(packageRoot, 'dist', relative(packageRoot, folder), 'probe-main.js')
    : join(folder, 'probe-main.js')
}

const MOST_MS = 120_000

/** The outcome of trying one device; a process that dies or answers nothing is a device that does not work. */
export const probe = (device: string, ask: 'works' | 'worth it' = 'works'): Promise<Trial> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [script(), device, ask], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: MOST_MS,
      killSignal: 'SIGKILL',
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const failed = (found: string): void => resolve({ wrong: { found, fix: 'Use another device.' } })
    child.on('error', (error) => failed(error.message))
    child.on('close', (code, signal) => {
      const answer = output.split('\n').find((line) => line.startsWith(ANSWER))
      const read = answer === undefined ? undefined : trialSchema.safeParse(JSON.parse(answer.slice(ANSWER.length)))
      if (read?.success) resolve(read.data)
      else failed(`its driver ended the process that tried it (${signal ?? `exit code ${code ?? '?'}`})`)
    })
  })
