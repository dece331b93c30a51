// Values of JSON.

export type Json = Readonly<Record<string, unknown>>

/** True for an object that is no list. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
