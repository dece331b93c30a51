// What every stage may read of the configuration: no stage owns it.
import { z } from 'zod'
import { judgeSchema } from '../agents/judges/judge.ts'
import { DEVICE_CHOICES, isDeviceOrAuto } from '../model/execute/device-names.ts'
import { llmSchema } from '../pipeline/llm/settings.ts'

const int = (low: number): z.ZodNumber => z.number().int().min(low)

const llm = z.strictObject({
  agent: llmSchema.optional().describe('The model of LLM agents, and where it is served.'),
  judge: llmSchema.optional().describe('The model of LLM judges; default: the one under `llm.agent`.'),
  verdicts: judgeSchema.prefault({}).describe('How judges are asked.'),
})

export const settings = {
  version: z.literal(1).default(1).describe('Version of the configuration format.'),
  run: z
    .string()
    .min(1)
    .refine((path) => !/\p{Cc}/u.test(path), 'a path without tabs, line breaks or other control characters')
    .describe('Folder of the run.'),
  seed: int(0).default(1).describe('Seed of everything random outside training: corpus, agent, bootstrap.'),
  tokenizer: z
    .string()
    .default('whitespace')
    .describe(
      'What counts tokens of chunks, snippets and reasoning: `whitespace`, or the path of a tokenizer.json or WordPiece vocab.txt.',
    ),
  workers: int(0)
    .optional()
    .describe(
      'Threads that tokenise, once there is enough to do; 0 leaves it to the main thread. Changes no result. Default: one a core.',
    ),
  llm: llm.prefault({}).describe('Models over the OpenAI protocol, for LLM agents and judges.'),
  device: z
    .string()
    .refine(isDeviceOrAuto, DEVICE_CHOICES)
    .default('cpu')
    .describe(
      'What a `train.model` is trained on and encoders are evaluated on: `cpu`, `torch`, `torch:cpu`, `torch:cuda:1` …, `webgpu`, `cuda`, `tfjs-node-gpu`, `tfjs`; `auto` is the best that works, `lrat devices` lists them. A static encoder trains on the CPU.',
    )
    .meta({ formerly: 'train.device' }),
}

export type Settings = z.output<z.ZodObject<typeof settings>>

/** The configuration as a stage with these sections sees it. */
export type ConfigOf<S extends z.ZodRawShape> = Settings & z.output<z.ZodObject<S>>

/** The tokenizer's file, if it is one: part of what a stage reads. */
export const tokenizerFiles = ({ tokenizer }: Settings): string[] => (tokenizer === 'whitespace' ? [] : [tokenizer])
