// `lrat metrics`: run files against relevance judgements, as trec_eval does it, with intervals and tests.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { isMetricName, type MetricName } from '../../evaluation/retrieval/metrics.ts'
import type { QrelFormat } from '../../data/readers/qrels.ts'
import { judgeFiles } from '../../evaluation/retrieval/judge-files.ts'
import { formatResults, resultsJson } from '../../evaluation/retrieval/report-table.ts'
import { note, print } from '../print.ts'

interface Flags {
  readonly qrels: string
  readonly format?: QrelFormat
  readonly run: readonly string[]
  readonly metrics: readonly MetricName[]
  readonly skipMissing?: boolean
  readonly skipEmpty?: boolean
  readonly perQuery?: boolean
  readonly json?: boolean
  readonly seed: number
  readonly resamples: number
}

const DEFAULT_METRICS: readonly MetricName[] = ['recall@10', 'recall@100', 'ndcg@10', 'mrr@10', 'map', 'precision@10']

const metricList = (text: string): MetricName[] => {
  const names = text.split(',').map((name) => name.trim())
  return names.map((name) => {
    if (isMetricName(name)) return name
    throw new InvalidArgumentError(`"${name}" is none of recall@k, precision@k, ndcg[@k], mrr[@k], map[@k].`)
  })
}

/** An option's value that must be a whole number of at least `low`, and at most `high`. */
export const wholeNumber =
  (low: number, high = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= low && value <= high) return value
    const bounds = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`
    throw new InvalidArgumentError(`Expected a whole number ${bounds}.`)
  }

const metrics = async ({ json, run, skipMissing, skipEmpty, perQuery, ...flags }: Flags): Promise<void> => {
  const judged = await judgeFiles({
    ...flags,
    runs: run,
    missing: skipMissing ? 'skip' : 'zero',
    empty: skipEmpty ? 'skip' : 'zero',
  })
  for (const text of judged.notes) note(`note: ${text}\n`)
  const detail = perQuery ? { perQuery: judged.perQuery } : {}
  if (json || perQuery) {
    print(`${JSON.stringify({ ...resultsJson(judged.rows, judged.comparisons), ...detail }, null, 1)}\n`)
  } else print(`${formatResults(judged.rows, judged.comparisons)}\n`)
}

const MORE = `
Metrics: recall@k, precision@k, ndcg@k, mrr@k, map@k; ndcg, mrr and map also of
the whole list. Below each mean stands its 95% bootstrap interval, below each
difference the p of a paired randomisation test.

Examples:
  lrat metrics --qrels qrels.txt --run bm25.trec
  lrat metrics --qrels qrels.txt --run mine.trec bm25.trec.gz --metrics ndcg@10,map
  lrat metrics --qrels browsecomp-plus.jsonl --format gold_docs --run mine.trec`

export const register = (program: Command): void => {
  program
    .command('metrics')
    .description('metrics of TREC run files, as trec_eval defines them')
    .requiredOption('--qrels <file>', 'relevance judgements')
    .addOption(
      new Option('--format <format>', 'of the judgements; default: by the name of the file').choices([
        'trec',
        'tsv',
        'jsonl',
        'evidence_docs',
        'gold_docs',
        'hotpotqa',
      ]),
    )
    .requiredOption('--run <file...>', 'run files; the first is compared with each of the others')
    .addOption(
      new Option('--metrics <names>', 'what to measure, comma-separated')
        .argParser(metricList)
        .default([...DEFAULT_METRICS], DEFAULT_METRICS.join(',')),
    )
    .option('--skip-missing', 'leave judged queries without hits out instead of counting them as 0')
    .option('--skip-empty', 'leave queries without a relevant document out instead of counting them as 0')
    .option('--json', 'print JSON')
    .option('--per-query', 'print JSON with the values of each query too')
    .option('--seed <n>', 'seed of intervals and tests', wholeNumber(0), 0)
    .option('--resamples <n>', 'bootstrap resamples', wholeNumber(1), 1000)
    .addHelpText('after', MORE)
    .action(metrics)
}
