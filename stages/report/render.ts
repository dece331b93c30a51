// The report as text for a terminal.
import { alignColumns } from '../../core/align.ts'
import { count, duration } from '../../pipeline/progress.ts'
import type { FunnelStep, Report } from './report.ts'

const renderFunnel = (funnel: readonly FunnelStep[]): string =>
  alignColumns(
    [
      ['funnel', 'count', 'dropped here'],
      ...funnel.map(({ step, count: n, dropped }) => [
        step,
        count(n),
        Object.entries(dropped)
          .map(([reason, times]) => `${count(times)} ${reason}`)
          .join(', '),
      ]),
    ],
    [1],
  )

/** The report, ready to print; ends without a newline. */
export const renderReport = ({ funnel, sections, seconds }: Report): string =>
  [
    ...(funnel.length > 0 ? [renderFunnel(funnel)] : []),
    ...sections.flatMap(({ text }) => (text === undefined ? [] : [text])),
    `Stages took ${duration(Object.values(seconds).reduce((sum, value) => sum + value, 0))} in all.`,
  ].join('\n\n')
