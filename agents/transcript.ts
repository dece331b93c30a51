// A trajectory as a person reads it.
import type { Trajectory } from '../data/schemas.ts'

const indent = (text: string): string =>
  text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
    .replaceAll(/ +$/gm, '')

const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length).trimEnd()} … (${text.length} characters)`

/** Numbered steps; tool outputs are cut to `outputLength` characters. */
export const transcript = (row: Trajectory, outputLength = 600): string => {
  const usage =
    row.prompt_tokens === null
      ? ''
      : `, ${row.prompt_tokens.toLocaleString('en-US')} prompt and ${(row.completion_tokens ?? 0).toLocaleString('en-US')} completion tokens`
  const head = [
    `trajectory ${row.trajectory_id} (query ${row.query_id}), ${row.agent} with ${row.retriever}`,
    `question   ${row.question}`,
    `status     ${row.status}, ${row.steps.length} steps${usage}`,
  ]
  const steps = row.steps.map(({ type, tool, arguments: args, output }, index) => {
    const title = type === 'tool_call' ? `${tool ?? 'tool'} ${args}` : type
    return `${String(index).padStart(3)} ${title}\n${indent(type === 'tool_call' ? shorten(output, outputLength) : output)}`
  })
  return [head.join('\n'), ...steps].join('\n\n')
}
