// The ways a model call can end other than with a reply.

/**
 * A call that got no usable reply. `rejected`: the server refuses the request as it is; `overflow`: it is longer than the
 * model's context; `unavailable`: it failed on every attempt; `malformed`: every reply was unusable.
 */
export class LlmError extends Error {
  override readonly name = 'LlmError'
  readonly kind: 'rejected' | 'overflow' | 'unavailable' | 'malformed'
  /** HTTP status of the last reply; null where none came. */
  readonly status: number | null
  constructor(kind: LlmError['kind'], message: string, status: number | null = null) {
    super(message)
    this.kind = kind
    this.status = status
  }
}

/** The budget of tokens or money is spent: nothing finished is lost, a larger budget goes on. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent'
}

/** A reply that does not have the form the protocol promises; worth another attempt. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply'
}
