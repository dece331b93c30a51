// An agent described in a YAML file: a preset with changes, and what is wrong with a file.
import { describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { policySchema } from '../../../agents/policy-settings.ts'
import { agentName, agentSpec, PRESETS } from '../../../stages/generate/agents.ts'
import { tempFolders, writeFiles } from '../../helpers/temp.ts'

const temp = tempFolders()

const specOf = (text: string): ReturnType<typeof agentSpec> => {
  const folder = temp()
  writeFiles(folder, { 'my-agent.yaml': text })
  return agentSpec({ agent: join(folder, 'my-agent.yaml'), policy: policySchema.parse({}) })
}

test('a file changes a preset where it says so, and nothing else', () => {
  const { tools } = PRESETS
  const found = specOf('extends: tools\nsystem: Be brief.\nsampling: { temperature: 0.6, max_tokens: [4096, 2048] }\n')
  expect(found).toEqual({
    ...tools,
    system: 'Be brief.',
    sampling: { ...tools.sampling, temperature: 0.6, max_tokens: [4096, 2048] },
  })
})

test('single values of the configuration win over the file', () => {
  const folder = temp()
  writeFiles(folder, { 'a.yaml': 'extends: react\nresults: { k: 3 }\n' })
  const found = agentSpec({
    agent: join(folder, 'a.yaml'),
    policy: policySchema.parse({ sampling: { temperature: 0.1 } }),
    k: 7,
  })
  expect(found).toMatchObject({ results: { k: 7 }, sampling: { temperature: 0.1 }, protocol: PRESETS.react.protocol })
})

test('trajectories name the agent by its file', () => {
  expect(agentName('agents/my-agent.yaml')).toBe('my-agent')
  expect(agentName('tools')).toBe('tools')
})

describe('an error names the file and the key', () => {
  test.each([
    [
      'a key that does not exist',
      'extends: tools\nsampling: { heat: 1 }\n',
      /my-agent\.yaml, key sampling: expected what describes an agent .*heat/,
    ],
    ['another type', 'extends: tools\nresults: { k: many }\n', /my-agent\.yaml, key results\.k: expected .*number/],
    [
      'an unknown preset',
      'extends: toolz\n',
      /my-agent\.yaml, key extends: expected tools, react, responses; found "toolz"/,
    ],
    ['nothing to extend and half of the keys', 'system: x\n', /my-agent\.yaml, key protocol: expected/],
  ])('%s', (_name, text, message) => {
    expect(() => specOf(text)).toThrow(message)
  })

  test('no such file, no such preset', () => {
    const policy = policySchema.parse({})
    expect(() => agentSpec({ agent: 'nowhere.yaml', policy })).toThrow(
      /nowhere\.yaml: expected a YAML file that describes an agent; found no such file/,
    )
    expect(() => agentSpec({ agent: 'toolz', policy })).toThrow(
      /generate\.agent: expected offline, tools, react, responses, or the path/,
    )
  })
})
