// `lrat serve`: the retriever of a run for other programs and agents.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { type Command } from 'commander'
import { openEmbedder } from '../../serve/embedder.ts'
import { serveHttp } from '../../serve/http.ts'
import { createMcpServer } from '../../serve/mcp.ts'
import { modelFolder, modelsOf, openRetriever, openRunDocuments, runTokenizer } from '../../search/retrievers.ts'
import { createService, type Service } from '../../serve/service.ts'
import { onInterrupt } from '../interrupt.ts'
import { wholeNumber } from './metrics.ts'
import { withRetrieverFlags, type RetrieverFlags } from './search.ts'
import { note } from '../print.ts'

interface Flags extends RetrieverFlags {
  readonly model?: string
  readonly stdio?: boolean
  readonly host: string
  readonly port: number
  readonly snippet: number
  readonly document: number
}

const openService = async (run: string, flags: Flags, signal: AbortSignal): Promise<Service> => {
  const searcher = await openRetriever(run, flags.retriever, {
    signal,
    ...(flags.approximate && { approximate: flags.approximate }),
  })
  const model = flags.model ?? modelsOf(run).at(0)
  return createService({
    searcher,
    documents: await openRunDocuments(run),
    tokenizer: await runTokenizer(run),
    snippetTokens: flags.snippet,
    documentTokens: flags.document,
    ...(model === undefined ? {} : { embedder: await openEmbedder(modelFolder(run, model), model) }),
  })
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const serve = async (run: string, flags: Flags): Promise<void> => {
  const { signal, stop } = onInterrupt()
  try {
    const service = await openService(run, flags, signal)
    try {
      if (flags.stdio) {
        const server = createMcpServer(service)
        const closed = new Promise<void>((resolve) => (server.server.onclose = resolve))
        const ended = new Promise<void>((resolve) => process.stdin.once('end', resolve))
        await server.connect(new StdioServerTransport())
        await Promise.race([closed, ended, aborted(signal)])
        await server.close()
        return
      }
      const token = process.env['LRAT_SERVE_TOKEN']
      const server = await serveHttp(service, { host: flags.host, port: flags.port, ...(token ? { token } : {}) })
      note(`${service.name} over ${service.size} documents at ${server.url} (MCP: ${server.url}/mcp)\n`)
      await aborted(signal)
      await server.close()
    } finally {
      await service.close()
    }
  } finally {
    stop()
  }
}

export const register = (program: Command): void => {
  withRetrieverFlags(program.command('serve'))
    .description("offer a run's search to agents: MCP, JSON over HTTP, OpenAI-style embeddings")
    .argument('<run>', 'folder of the run')
    .option('--model <name>', "model of /v1/embeddings; default: the run's first")
    .option('--stdio', 'speak MCP on standard input and output instead of HTTP')
    .option('--host <address>', 'address to bind; beyond loopback LRAT_SERVE_TOKEN must be set', '127.0.0.1')
    .option('--port <n>', '0 chooses a free one', wholeNumber(0, 65_535), 8080)
    .option('--snippet <n>', 'tokens of a snippet', wholeNumber(0), 64)
    .option('--document <n>', 'tokens of an opened document', wholeNumber(1), 512)
    .action(serve)
}
