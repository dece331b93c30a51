// Bodies of requests: read whole before any work is begun, within a size, a time, and a bound on all of them together.
import type { IncomingMessage } from 'node:http'
import { Refused } from './gate.ts'

export interface BodyLimits {
  /** Most bytes of one body. */
  readonly bytes: number
  /** Milliseconds from the head of a request to the end of its body. */
  readonly milliseconds: number
  /** Most bytes of all bodies that are being read. */
  readonly allBytes: number
}

/**
 * A reader of bodies as JSON. Throws Refused: 413 for one that is too large, 408 for one that is not there in time, 503
 * when too much is being read at once, 400 for one that breaks off or is not JSON.
 */
export const createBodyReader = (limits: BodyLimits): ((request: IncomingMessage) => Promise<unknown>) => {
  let reading = 0

  const readAll = (request: IncomingMessage): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let size = 0
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        reading -= size
        size = 0
        request.off('data', take).off('end', finish).off('error', broken).off('close', broken)
        // What still comes is not kept, and an error of the connection has nobody left to tell.
        request.on('error', () => undefined)
        settle()
      }
      const refuse = (status: number, message: string): void => {
        request.pause()
        end(() => reject(new Refused(status, message)))
      }
      const take = (chunk: Buffer): void => {
        size += chunk.length
        reading += chunk.length
        chunks.push(chunk)
        if (size > limits.bytes) refuse(413, `the body may have at most ${limits.bytes} bytes`)
        else if (reading > limits.allBytes) refuse(503, 'too many bodies at once; try again soon')
      }
      const finish = (): void => end(() => resolve(Buffer.concat(chunks)))
      const broken = (): void => refuse(400, 'the body broke off')
      const timer = setTimeout(
        () => refuse(408, `the body was not here within ${limits.milliseconds / 1000} seconds`),
        limits.milliseconds,
      )
      request.on('data', take).on('end', finish).on('error', broken).on('close', broken)
    })

  return async (request) => {
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > limits.bytes) throw new Refused(413, `the body may have at most ${limits.bytes} bytes`)
    const text = (await readAll(request)).toString('utf8')
    try {
      return JSON.parse(text) as unknown
    } catch {
      throw new Refused(400, 'the body must be JSON')
    }
  }
}
