// Rows of LRAT-Train as other libraries' training files have them.
import { z } from 'zod'

/** A row as the export stage writes it. */
export const trainingRow = z.object({
  query: z.string(),
  pos: z.array(z.string()).min(1),
  neg: z.array(z.string()),
  pos_id: z.array(z.string()).optional(),
  neg_id: z.array(z.string()).optional(),
  reweight_rate: z.number().optional(),
})
export type TrainingRow = z.output<typeof trainingRow>

interface TrainFormat {
  /** What the format has no place for. */
  readonly lacks?: string
  /** The objects that a row becomes, one a line; `number` is the row's, from 1. */
  readonly rows: (row: TrainingRow, number: number) => readonly object[]
}

const everyTriplet = <T>({ query, pos, neg }: TrainingRow, make: (query: string, pos: string, neg: string) => T): T[] =>
  pos.flatMap((positive) => neg.map((negative) => make(query, positive, negative)))

const passages = (texts: readonly string[], ids: readonly string[] | undefined): object[] =>
  texts.map((text, at) => ({ docid: ids?.[at] ?? '', title: '', text }))

export const TRAIN_FORMATS = {
  /** One object a negative. */
  triplets: {
    rows: (row) =>
      everyTriplet(row, (query, positive, negative) => ({ query, positive, negative, weight: row.reweight_rate ?? 1 })),
  },
  /** FlagEmbedding's encoder-only trainers. */
  flagembedding: { lacks: 'weights', rows: ({ query, pos, neg }) => [{ query, pos, neg }] },
  /** Tevatron's training files; a title is the text's first line already. */
  tevatron: {
    lacks: 'weights',
    rows: ({ query, pos, neg, pos_id, neg_id }, number) => [
      {
        query_id: String(number),
        query,
        positive_passages: passages(pos, pos_id),
        negative_passages: passages(neg, neg_id),
      },
    ],
  },
  /** Every column is an input of the loss there, in this order. */
  'sentence-transformers': {
    lacks: 'weights',
    rows: (row) => everyTriplet(row, (anchor, positive, negative) => ({ anchor, positive, negative })),
  },
} as const satisfies Readonly<Record<string, TrainFormat>>

/** A format by its name. */
export const trainFormat = (name: keyof typeof TRAIN_FORMATS): TrainFormat => TRAIN_FORMATS[name]
