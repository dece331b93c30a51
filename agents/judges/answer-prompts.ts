// What a judge of answers is asked. Part of the fingerprint: another wording is another judge.

export const JUDGE = `You grade the answer to a question. You get the question, the right answer (or several, each of which is right), and a response. Decide only whether the response gives the right answer:
- Look for the one final answer that the response commits to. If it gives none, or several that it does not decide between, that is wrong.
- Other spellings, abbreviations, titles, units converted correctly and more detail of the same thing are right. Another person, place, work, date or number is wrong, however close.
- Do not solve the question yourself and do not doubt the right answer.

Reply with exactly these three lines:
extracted: <the final answer of the response, or none>
rationale: <one sentence>
correct: <yes or no>`

export const JUDGE_AGAIN = `Your reply could not be read. Write nothing but the three lines "extracted: …", "rationale: …" and "correct: …"; the last one is either "correct: yes" or "correct: no", without any other character.`

/** The material to grade. */
export const judgeMaterial = (question: string, golds: readonly string[], response: string): string =>
  `<question>\n${question}\n</question>\n\n<right_answer>\n${golds.join('\n')}\n</right_answer>\n\n<response>\n${response}\n</response>`
