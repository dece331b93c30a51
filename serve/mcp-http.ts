// MCP's streamable transport without sessions: each request has its own short-lived server over the shared service.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { Refused } from './gate.ts'
import { createMcpServer } from './mcp.ts'
import { limits, type Service } from './service.ts'

export interface McpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Settles when the client has gone or the time is over: a request that was cancelled within its batch is never answered. */
const givenUp = (response: ServerResponse): { readonly promise: Promise<never>; readonly stop: () => void } => {
  let stop = (): void => undefined
  const promise = new Promise<never>((_, reject) => {
    const gone = (): void => reject(new Refused(400, 'the client has gone'))
    const timer = setTimeout(() => reject(new Refused(504, 'no answer in time')), limits.workMilliseconds)
    response.once('close', gone)
    stop = () => {
      clearTimeout(timer)
      response.off('close', gone)
    }
  })
  return { promise, stop }
}

/** The answer to a message or a batch of them; resolves before any of it is sent. Throws Refused when nothing comes. */
export const answerMcp = async (
  service: Service,
  headers: IncomingHttpHeaders,
  body: unknown,
  response: ServerResponse,
): Promise<McpAnswer> => {
  const server = createMcpServer(service)
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  })
  const passed = Object.entries(headers).filter(([name]) => /^(accept|content-type|mcp-.*)$/.test(name))
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: passed.map(([name, value]): [string, string] => [name, String(value)]),
  })
  const end = givenUp(response)
  try {
    await server.connect(transport)
    const answer = await Promise.race([transport.handleRequest(request, { parsedBody: body }), end.promise])
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() }
  } finally {
    end.stop()
    await server.close()
  }
}
