// One configuration is one experiment: what all stages share, and each stage's sections, as the list of stages has them.
import type { z } from 'zod'
import { stages } from './all.ts'
import { schemaOf, type Method } from './assemble.ts'

export const configSchema = schemaOf(stages)
export type Config = z.output<typeof configSchema>

export const method: Method<Config> = { stages, schema: configSchema }
