import { describe, expect, test } from 'vitest'
import { decisionIn, fieldValues } from '../../../agents/judges/verdict-text.ts'

describe('a yes or no as judges write it', () => {
  test.each([
    ['correct: yes', true],
    ['Correct: No.', false],
    ['- correct: yes', true],
    ['* correct: no', false],
    ['3. correct: yes', true],
    ['3) **correct**: yes', true],
    ['**correct:** No', false],
    ['**Correct: yes**', true],
    ['`correct`: `no`', false],
    ['`correct: yes`', true],
    ['"correct": "yes",', true],
    ['### correct: yes', true],
    ['> correct: no', false],
    ['correct = yes', true],
    ['correct：yes', true],
    ['correct: Yes - because the response names Lyon.', true],
    ['correct: no – it is another city', false],
    ['correct: No, since it names Paris', false],
    ['correct: yes because it says so', true],
    ['correct: yes (the spelling differs)', true],
    ['{"extracted": "Lyon", "rationale": "r", "correct": "yes"}', true],
    ['Here it is:\n```json\n{"extracted": "Lyon", "correct": false}\n```', false],
    ["{'correct': 'no',}", false],
    ['{"Correct": true}', true],
    ['It seems right.\ncorrect: yes\n\nAgain: the verdict.\n**correct:** yes', true],
    ['correct: maybe', undefined],
    ['correct: yes or no', undefined],
    ['correct: yes/no', undefined],
    ['correct: yes-or-no', undefined],
    ['correct: yes, or no', undefined],
    ['correct: not sure', undefined],
    ['correct: no idea', undefined],
    ['correct: none', undefined],
    ['correct:', undefined],
    ['correct: yes\ncorrect: no', undefined],
    ['yes', undefined],
    ['incorrect: yes', undefined],
    ['Is it correct: yes', undefined],
    ['{"correct": "perhaps"}', undefined],
    ['', undefined],
  ])('%j is %s', (text, decision) => {
    expect(decisionIn(text, 'correct')).toBe(decision)
  })
})

test('fields lose what stands around them, and nothing else', () => {
  const text = '1. **extracted:** `Lyon`\n2. **rationale:** It says "Lyon": the city.\n3. **correct:** yes'
  expect(fieldValues(text, 'extracted')).toEqual(['Lyon'])
  expect(fieldValues(text, 'rationale')).toEqual(['It says "Lyon": the city.'])
})
