// What a format of logs is: how its records are told from others', and how they become sessions.
import type { LogRecord } from './session.ts'

/** A part of a session that lies in many records, in any order: spans, observations, lines of a transcript. */
export interface Piece {
  /** Pieces of one trace belong together. */
  readonly trace: string
  /** Where it differs from the trace: what several traces have in common (a conversation). */
  readonly conversation?: string | undefined
  /** Kept until all pieces are there. */
  readonly body: unknown
}

/** Why a record is of no use. */
export interface Skip {
  readonly skip: string
  readonly detail: string
}

export type Reading =
  /** Each record is a session. */
  | { readonly kind: 'sessions'; readonly session: (record: unknown, where: string) => LogRecord }
  /** Records hold pieces of sessions, which are joined on disk. */
  | {
      readonly kind: 'pieces'
      /** The pieces of a record; a reason where there is none. */
      readonly pieces: (record: unknown) => readonly Piece[] | Skip
      /** A session from its pieces, which come in the order of the log. */
      readonly join: (trace: string, bodies: readonly unknown[]) => LogRecord
    }

export interface LogFormat {
  /** One line for people. */
  readonly summary: string
  /** Formats of which this is a special case: where both fit, this one is meant. */
  readonly refines: readonly string[]
  /** Whether a record may be of this format. */
  readonly fits: (record: unknown) => boolean
  readonly reading: Reading
}
