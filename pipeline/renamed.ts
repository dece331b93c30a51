// Keys that had another name in earlier versions: a schema says so beside the new key, with `.meta({ formerly })`.
import { isScalar, type Document } from 'yaml'
import type { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { entriesOf, innerOf, metaOf } from './schema.ts'

export interface Renamed {
  readonly from: string
  readonly to: string
}

/** All renamed keys below a schema, by dotted path. */
export const renamedKeys = (schema: z.ZodType, path = ''): Renamed[] =>
  entriesOf(schema).flatMap(([key, value]) => {
    const from = [value, ...innerOf(value)].map((one) => metaOf(one)['formerly']).find((one) => typeof one === 'string')
    const to = `${path}${key}`
    return [...(typeof from === 'string' ? [{ from, to }] : []), ...renamedKeys(value, `${to}.`)]
  })

const isEmptyMap = (value: unknown): boolean =>
  value !== null &&
  typeof value === 'object' &&
  'items' in value &&
  Array.isArray(value.items) &&
  value.items.length === 0

/** Moves old keys to their new places; says which it moved. Errors: UserError where a file has both. */
export const renameKeys = (document: Document, renamed: readonly Renamed[], where: string): Renamed[] =>
  renamed.filter(({ from, to }) => {
    const [old, present] = [from.split('.'), to.split('.')]
    // A scalar or nothing on the way has no keys below.
    const parent = old.length === 1 ? document.contents : document.getIn(old.slice(0, -1), true)
    if (parent === undefined || parent === null || isScalar(parent) || !document.hasIn(old)) return false
    if (document.hasIn(present))
      throw new UserError({
        where: `${where}, ${from}`,
        expected: `'${to}' alone, its name now`,
        found: 'both',
        fix: `Remove ${from}.`,
      })
    const value = document.getIn(old, true)
    document.deleteIn(old)
    if (old.length > 1 && isEmptyMap(document.getIn(old.slice(0, -1), true))) document.deleteIn(old.slice(0, -1))
    document.setIn(present, value)
    return true
  })
