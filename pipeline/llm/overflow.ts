// Whether a refusal means that the conversation is longer than the model's context, in the wordings of many servers.

const CODES =
  /context_length_exceeded|context_window_exceeded|exceed_context_size|string_above_max_length|prompt_too_long/i

/** Statuses that servers refuse a long request with; 500 is what some give for anything. */
const STATUSES: ReadonlySet<number> = new Set([400, 413, 422, 500])

const NAMED = [
  /context[ _-]?(?:length|window|size|limit)[^.]{0,80}(?:exceed|reached|too|over|larger|longer|surpass)/i,
  /(?:exceed|longer than|larger than|greater than|over|beyond|too (?:long|large|many|big)|out of)[^.]{0,120}\bcontext/i,
  /maximum context|max_model_len|context (?:length|window) is only/i,
  /(?:prompt|input|request|conversation|sequence)[^.]{0,60} (?:is )?too (?:long|large)/i,
  /too many (?:input |prompt )?tokens/i,
  /longer than the maximum (?:model|input|sequence)/i,
]

// Two numbers, one of them over the other, of tokens of the input: whatever words a server finds for it.
const SUBJECT = /\b(?:tokens?|prompt|input|sequence)\b/i
const EXCESS = /exceed|longer|larger|greater|more than|too (?:long|large|many)|over the|maximum|at most|only|limit|>/i

/** The reply alone is asked to be too long: another conversation would be refused as well. */
const OF_REPLY =
  /supports at most [\d,]+ (?:completion|output) tokens|(?:completion|output) tokens[^.]{0,40}(?:at most|maximum)/i

const numbersIn = (text: string): number[] =>
  [...text.matchAll(/\d[\d,_]*/g)].map(([digits]) => Number(digits.replaceAll(/[,_]/g, ''))).filter((n) => n >= 64)

/** Reads a refusal's status, machine-readable code and message. */
export const isOverflow = (status: number, code: string, message: string): boolean => {
  if (CODES.test(code) || CODES.test(message) || status === 413) return true
  if (!STATUSES.has(status)) return false
  if (OF_REPLY.test(message) && !/context/i.test(message)) return false
  if (NAMED.some((pattern) => pattern.test(message))) return true
  return SUBJECT.test(message) && EXCESS.test(message) && new Set(numbersIn(message)).size >= 2
}
