import { describe, expect, it } from 'vitest'
import { takeApart } from '../../../demo/agent/question.ts'

const clausesOf = (question: string) =>
  takeApart(question).map(({ head, clauses }) => [head, clauses.map(({ text }) => text)])

describe('takeApart', () => {
  it('finds the answer and the unknowns it is tied to', () => {
    expect(
      clausesOf(
        'Who was a poet whose sister was a composer who was born in Halden and who died in 1880, and who won a prize? ' +
          'Additionally, this person was educated at Trane College.',
      ),
    ).toEqual([
      ['poet', ['sister was', 'won a prize', 'was educated at Trane College']],
      ['composer', ['was born in Halden', 'died in 1880']],
    ])
  })

  it('follows a chain of three', () => {
    const [film, novel, writer] = takeApart(
      'What is the name of the film that was adapted from a novel that was written by a lawyer who lived in Halden?',
    )
    expect([film.head, novel.head, writer.head]).toEqual(['film', 'novel', 'lawyer'])
    expect([film.clauses[0].child, novel.clauses[0].child, writer.clauses[0].child]).toEqual([1, 2, undefined])
    expect([film.parent, novel.parent, writer.parent]).toEqual([undefined, 0, 1])
  })

  it.each(['', '?', 'Halden', 'who who who', 'Is it that, and that, and that?'])('survives %j', (question) => {
    expect(takeApart(question).length).toBeGreaterThan(0)
  })

  it('reads questions that other people wrote', () => {
    const unknowns = takeApart(
      'Who was a Romanian statesman whose brother was a prolific writer and politician that collaborated with ' +
        'Nicolae Bălcescu, and who served as Prime Minister of Romania five times?',
    )
    expect(unknowns.map(({ head }) => head)).toEqual(['Romanian statesman', 'prolific writer and politician'])
    expect(unknowns[1].clauses[0].text).toBe('collaborated with Nicolae Bălcescu')
    expect(unknowns[0].clauses[1].text).toBe('served as Prime Minister of Romania five times')
  })
})
