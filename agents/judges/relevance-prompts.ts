// What the judge of relevance is asked. Part of the fingerprint: another wording is another judge.

export const RELEVANCE = `A search agent opened a document and then wrote down its thoughts. You get the query that it had searched for and these thoughts. Decide whether the document was of use to the agent. Be lenient:
- It was of use if the thoughts take anything from it: a fact, a confirmation, a name to look up, a candidate that can now be ruled out for a stated reason.
- It was also of use if the thoughts do not let you tell.
- It was of no use only if the thoughts clearly say or show so: it is about something else, holds nothing on the matter, could not be opened, or is left at once for another search without anything taken from it.

Reply with exactly two lines:
rationale: <one sentence>
useful: <yes or no>`

export const RELEVANCE_AGAIN = `Your reply could not be read. Write nothing but the two lines "rationale: …" and "useful: …"; the last one is either "useful: yes" or "useful: no", without any other character.`

/** The material to judge. */
export const relevanceMaterial = (query: string, reasoning: string): string =>
  `<query>\n${query === '' ? '(none)' : query}\n</query>\n\n<thoughts>\n${reasoning}\n</thoughts>`
