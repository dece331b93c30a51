// The section of the configuration that says where an agent's logs lie and how they are read.
import { z } from 'zod'
import { formatNames } from '../data/readers/logs/formats.ts'

const place = (what: string): z.ZodOptional<z.ZodString> => z.string().min(1).optional().describe(what)
const names = z.array(z.string().min(1)).min(1).optional()

const tools = z.strictObject({
  search: z
    .strictObject({
      names: names.describe('The tools that search. Default: by their names.'),
      query: place('The query in the arguments: a field, or a JSON path such as $.input.q.'),
      hits: place('The list of hits in a result that is JSON, best first: $.results[*].'),
      docid: place('The docid in a hit.'),
      title: place('The title in a hit.'),
      text: place('The text in a hit.'),
      rank: place('The rank in a hit, where hits are out of order.'),
      pattern: place(
        'For results that are text: a regular expression with the group (?<docid>…), and (?<title>…), (?<text>…) if there are any.',
      ),
    })
    .optional()
    .describe('Calls that search. What is left out is guessed; `lrat inspect-logs` shows how well.'),
  open: z
    .strictObject({
      names: names.describe('The tools that open a document. Default: by their names.'),
      docid: place('The docid in the arguments.'),
      title: place('The title in a result that is JSON.'),
      text: place('The text in a result that is JSON.'),
    })
    .optional()
    .describe('Calls that open a document.'),
  other: z.array(z.string()).optional().describe('Tools that do neither, such as `python`.'),
})

export const trajectories = z
  .strictObject({
    import: z
      .string()
      .optional()
      .describe(
        'Logs of an agent to import instead of generating: a file, folder or archive (.tar, .tar.gz, .zip), in any of the formats below.',
      ),
    format: z
      .enum(['auto', ...formatNames])
      .default('auto')
      .describe('Format of the logs; `auto` looks at the first records and says what it took.'),
    tools: tools
      .optional()
      .describe('Which tool calls search and which open a document, and where in them things lie. Default: guessed.'),
  })
  .prefault({})
  .describe('Stage generate: where trajectories come from.')
