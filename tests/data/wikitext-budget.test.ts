// Pages that would cost minutes are left out before they are parsed; articles are not.
import { expect, it } from 'vitest'
import { readMediawikiArticles } from '../../data/readers/corpora/mediawiki.ts'
import { isWithinBudget } from '../../data/readers/corpora/wikitext-budget.ts'
import { collect, scratch } from './helpers.ts'

const { write } = scratch()

it.each(['{{a|', '[[a|', '{|\n', '[[\n', '{{a|\n'])('%j without end', (piece) => {
  expect(isWithinBudget(piece.repeat(65_536 / piece.length))).toBe(false)
})

it.each(["'''\n", '<!--\n', '[http://a b]\n', 'word '])('%j, a megabyte of it', (piece) => {
  expect(isWithinBudget(piece.repeat(2 ** 20 / piece.length))).toBe(false)
})

it('large articles are within the budget', () => {
  const section = `== Early life ==\n${"'''He''' was [[born|born]] in {{place|{{x}}}}.<ref>[http://a.org A]</ref> ".repeat(20)}\n\n`
  expect(isWithinBudget(section.repeat(100))).toBe(true)
  expect(isWithinBudget('{{a|'.repeat(50) + '}}'.repeat(50))).toBe(true)
})

it('such a page is skipped and counted; the others come', async () => {
  const page = (id: number, text: string): string =>
    `<page><title>T${id}</title><ns>0</ns><id>${id}</id><revision><text>${text}</text></revision></page>`
  const path = write(
    'dump.xml',
    `<mediawiki>${page(1, 'One.')}${page(2, '{{a|'.repeat(16_384))}${page(3, 'Three.')}</mediawiki>`,
  )
  const dropped: string[] = []
  const articles = await collect(
    readMediawikiArticles(path, (reason, where) => void dropped.push(`${where}: ${reason}`)),
  )
  expect(articles.map(({ text }) => text)).toEqual(['One.', 'Three.'])
  expect(dropped).toEqual([`${path} page 2: too-complex-markup`])
})
