// One entry of a ranked list.
export interface Hit {
  readonly docid: string
  readonly score: number
}
