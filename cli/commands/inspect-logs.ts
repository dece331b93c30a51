// `lrat inspect-logs`: what is in somebody's logs, what was recognised in them, and a configuration to start from.
import { Option, type Command } from 'commander'
import { existsSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { UserError } from '../../core/errors.ts'
import { excerpt } from '../../data/readers/errors.ts'
import { formatNames, type FormatName } from '../../data/readers/logs/formats.ts'
import { hitsIn } from '../../data/readers/logs/hits.ts'
import { docidIn, queryIn } from '../../data/readers/logs/tools.ts'
import type { ToolTally } from '../../data/readers/logs/understanding.ts'
import { plainText } from '../../data/readers/logs/values.ts'
import { surveyLogs, type Shares } from './logs-survey.ts'
import { wholeNumber } from './metrics.ts'

interface Flags {
  readonly format: FormatName | 'auto'
  readonly limit: number
  readonly output?: string
  readonly json?: boolean
}

const example = (name: string, { role, calls, understood, first, failed }: ToolTally): string[] => {
  const call = failed ?? first
  const lines = [
    `  ${name}: ${role === 'search' ? 'searches' : role === 'open' ? 'opens documents' : 'neither searches nor opens'}, ${calls} calls${role === 'other' ? '' : `, ${understood} understood`}`,
    `    arguments  ${excerpt(plainText(call.arguments))}`,
  ]
  if (role === 'search') {
    const query = queryIn(call.arguments)
    const hits = hitsIn(call.result) ?? hitsIn(call.documents)
    const best = hits?.[0]
    lines.push(
      `    query      ${query === undefined ? 'not found' : excerpt(typeof query === 'string' ? query : query.join(' | '))}`,
    )
    lines.push(
      `    hits       ${hits === undefined ? 'not recognised' : `${hits.length}${best === undefined ? '' : `, the best is ${excerpt(best.docid)}${best.text === '' ? '' : ', with text'}`}`}`,
    )
  }
  if (role === 'open') lines.push(`    docid      ${excerpt(docidIn(call.arguments) ?? '')}`)
  lines.push(`    result     ${excerpt(plainText(call.result ?? call.documents))}`)
  return lines
}

const share = (part: number, whole: number, what: string): string =>
  `${what.padEnd(46)} ${whole === 0 ? 'none' : `${part} of ${whole} (${Math.round((100 * part) / whole)}%)`}`

const configFor = (path: string, format: FormatName, tools: ReadonlyMap<string, ToolTally>, shares: Shares): string => {
  const named = (role: ToolTally['role']): string[] =>
    [...tools].filter(([, tally]) => tally.role === role).map(([name]) => name)
  const trajectories = {
    import: path,
    format,
    tools: { search: { names: named('search') }, open: { names: named('open') }, other: named('other') },
  }
  return [
    '# Written by `lrat inspect-logs`: what it recognised, to be corrected where it is wrong.',
    stringify({
      run: 'runs/mine',
      corpus: { format: 'trajectories' },
      trajectories,
      queries: { test_share: 0.1 },
    }).trimEnd(),
    '# corpus: { format: jsonl, path: corpus.jsonl }    # with a corpus of your own: docid, text, title',
    ...(shares.withGold === 0
      ? [
          '# The logs hold no gold answers. With a file of them: queries: { path: questions.tsv }',
          'filter: { correctness: none }',
        ]
      : []),
    '',
  ].join('\n')
}

const inspect = async (path: string, { format, limit, output, json }: Flags): Promise<void> => {
  if (output !== undefined && existsSync(output))
    throw new UserError({
      where: output,
      expected: 'a name that is free',
      found: 'a file',
      fix: 'Choose another name, or remove it.',
    })
  const { shares, known, skipped, odd, firstSkip, ...opened } = await surveyLogs(path, { format, limit })
  if (json) {
    const tools = Object.fromEntries(
      [...known.tools].map(([name, { role, calls, understood }]) => [name, { role, calls, understood }]),
    )
    const all = {
      format: opened.format,
      shares,
      tools,
      skipped: Object.fromEntries(skipped),
      odd: Object.fromEntries(odd),
    }
    process.stdout.write(`${JSON.stringify(all, null, 1)}\n`)
  } else {
    const counted = (reasons: ReadonlyMap<string, number>): string =>
      [...reasons].map(([reason, times]) => `${times} × ${reason}`).join(', ')
    const lines = [
      `format    ${opened.format}${opened.why === undefined ? '' : `: ${opened.why}`}`,
      `sessions  ${shares.sessions}${shares.sessions === limit ? ` (the first; --limit looks at more)` : ''}`,
      ...(skipped.size > 0 ? [`skipped   ${counted(skipped)}; the first: ${firstSkip ?? ''}`] : []),
      ...(odd.size > 0 ? [`odd       ${counted(odd)}`] : []),
      '',
      'tools, and of each a call (one that was not understood, if there is any)',
      ...[...known.tools].sort(([, a], [, b]) => b.calls - a.calls).flatMap(([name, tally]) => example(name, tally)),
      '',
      share(shares.searchesWithHits, shares.searches, 'searches with ranked hits'),
      share(shares.opensOfHits, shares.opens, 'opened documents that an earlier search showed'),
      share(shares.turnsWithThoughts, shares.turns, 'calls and answers with a thought before them'),
      share(shares.answered, shares.sessions, 'sessions with an answer'),
      share(shares.withQuestion, shares.sessions, 'sessions with a question'),
      share(shares.withGold, shares.sessions, 'sessions with a gold answer'),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  if (output === undefined) return
  writeFileSync(output, configFor(path, opened.format, known.tools, shares))
  process.stderr.write(`\nwrote ${output}; next: npx lrat run -c ${output} --to export\n`)
}

export const register = (program: Command): void => {
  program
    .command('inspect-logs')
    .description("what is in an agent's logs, and what of it is recognised")
    .argument('<path>', 'file, folder or archive of logs')
    .addOption(new Option('--format <name>', 'format of the logs').choices(['auto', ...formatNames]).default('auto'))
    .option('--limit <n>', 'sessions to look at', wholeNumber(1), 1000)
    .option('--output <file>', 'also write a configuration to start from')
    .option('--json', 'print JSON')
    .action(inspect)
}
