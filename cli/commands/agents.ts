// `lrat agents`: evaluation of agents' runs, in and out in BrowseComp-Plus's layout.
import { Option, type Command } from 'commander'
import { basename, join } from 'node:path'
import { many } from '../../pipeline/progress.ts'
import { formatAgentSummary, summariseAgentRuns } from '../../evaluation/agents/agent-summary.ts'
import {
  browseCompRecord,
  browseCompSummary,
  recordNames,
  writeBrowseComp,
} from '../../evaluation/agents/browsecomp.ts'
import { withOptionalConfig } from '../options.ts'
import { readInput, type InputFlags } from './agents-input.ts'
import { openJudge, type JudgeFlags } from './agents-judge.ts'
import { note, print } from '../print.ts'

interface Flags extends JudgeFlags, InputFlags {
  readonly retriever?: string
  readonly output?: string
  readonly json?: boolean
}

/** The folder's or file's own name, without what says how it is packed. */
const bareName = (path: string): string =>
  basename(path).replace(/\.(tar\.\w+|tar|tgz|tbz2|tzst|zip|jsonl?(\.\w+)?)$/i, '')

const agents = async (path: string, flags: Flags): Promise<void> => {
  const { retriever, json } = flags
  const { runs, keys, evidence } = await readInput(path, flags)
  const folder = flags.output ?? (flags.judge === 'llm' ? join('evals', bareName(path)) : undefined)
  const judge = await openJudge({ flags, keys, runs, folder })
  const summary = summariseAgentRuns({ runs, questions: keys.keys(), evidence, decide: judge.decide })
  const layout = browseCompSummary(summary, {
    model: runs[0].model,
    retriever: retriever ?? runs[0].retriever,
    date: new Date().toISOString().slice(0, 10),
  })
  if (folder !== undefined) {
    const names = recordNames(summary.results)
    const records = summary.results.map((result, i) => {
      const { question, answers: golds } = keys.get(result.run.queryId) ?? { question: '', answers: [] }
      const judging = judge.judging(result.run)
      return [names[i], browseCompRecord({ result, question, answers: golds, evidence, judging, judge })] as const
    })
    writeBrowseComp(folder, records, layout)
    note(`${many(records.length, 'record')} and evaluation_summary.json written to ${folder}\n`)
  }
  print(json ? `${JSON.stringify(layout, null, 2)}\n` : `${formatAgentSummary(path, judge.name, summary)}\n`)
}

const MORE = `
Examples:
  lrat agents runs/demo                            the agent of a run of lrat
  lrat agents logs                                 runs that name the right answer
  lrat agents logs.tar.gz --answers q.jsonl        BrowseComp-Plus's questions
  lrat agents logs --answers q.tsv --qrels qrels.txt --judge llm -c c.yaml

A run is a JSON object: query_id, status, result (a list of steps that ends with
the answer), and if you like tool_call_counts and retrieved_docids.
--judge llm asks the model under llm.judge (or llm.agent) of the configuration.
Its verdicts are kept in the output folder, so nothing is asked twice.`

export const register = (program: Command): void => {
  const command = program
    .command('agents')
    .description("evaluate agents' runs: success, evidence recall, tool calls, calibration")
    .argument('<runs>', 'folder, archive (.tar.gz, .zip …) or JSON Lines of runs, or a run of lrat')
    .option('--answers <file>', 'questions and answers: TSV, CSV or JSON Lines; default: as the runs say')
    .option('--separator <text>', 'what separates the aliases of an answer')
    .option('--qrels <file>', 'the evidence documents: TREC, TSV or JSON Lines; default: as --answers says')
    .addOption(
      new Option('--judge <who>', 'exact: the short answer is a gold answer; contains: the response has one; llm')
        .choices(['exact', 'contains', 'llm'])
        .default('exact'),
    )
    .addOption(
      new Option(
        '--verdicts <path>',
        'verdicts that you have: JSON Lines of {query_id, correct, confidence?} or a folder of *_eval.json',
      ).conflicts('judge'),
    )
  withOptionalConfig(command, 'configuration that names the judge, for --judge llm')
    .option('--output <folder>', 'where to write records and summary; default with --judge llm: evals/RUNS')
    .option('--retriever <name>', 'named in the summary; default: as the runs say')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', MORE)
    .action(agents)
}
