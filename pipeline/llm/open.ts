// Opens the models that a configuration names.
import { UserError } from '../../core/errors.ts'
import type { Llm } from './client.ts'
import type { LlmSettings } from './settings.ts'

/** The part of a configuration that names models. */
export interface LlmRoles {
  readonly llm: { readonly agent?: LlmSettings | undefined; readonly judge?: LlmSettings | undefined }
}

/** Settings of the model for a role. Errors: UserError when the configuration has none. */
export const llmSettings = ({ llm }: LlmRoles, role: 'agent' | 'judge'): LlmSettings => {
  const settings = role === 'judge' ? (llm.judge ?? llm.agent) : llm.agent
  if (settings) return settings
  throw new UserError({
    where: `llm.${role}`,
    expected: 'a model and the endpoints that serve it',
    found: 'nothing',
    fix: `Set llm.${role}.model and llm.${role}.endpoints; configs/REFERENCE.md lists their keys.`,
  })
}

/** The model of a role; its client is loaded only now, since most runs have none. */
export const openLlm = async (config: LlmRoles, role: 'agent' | 'judge'): Promise<Llm> => {
  const { createLlm } = await import('./client.ts')
  return createLlm(llmSettings(config, role))
}
