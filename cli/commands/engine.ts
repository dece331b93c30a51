// `lrat devices`, `check-engine`, `encode` and `export-onnx`: the training engine by itself.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { mkdir, rename, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { EngineErrors } from '../../model/check/check-outcome.ts'
import type { Precision } from '../../model/graph/precision.ts'
import { DEVICE_CHOICES, isDeviceOrAuto, type Device } from '../../model/execute/device-names.ts'
import { alignColumns, fitColumns } from '../../core/align.ts'
import { onInterrupt } from '../interrupt.ts'
import { createProgress, many } from '../../pipeline/progress.ts'
import { withOutput, type OutputFlags } from '../options.ts'
import { note, print } from '../print.ts'

// What is heavy is loaded when a command runs, so that help and version stay quick.

interface DeviceFlags {
  readonly device: Device | 'auto'
}

const deviceOf = (name: string): Device | 'auto' => {
  if (isDeviceOrAuto(name)) return name
  throw new InvalidArgumentError(`Choose ${DEVICE_CHOICES}.`)
}

const withDevice = (command: Command): Command =>
  command.addOption(
    new Option('--device <device>', 'what to compute on; see `lrat devices`').argParser(deviceOf).default('cpu'),
  )

const devices = async ({ json }: { readonly json?: boolean }): Promise<void> => {
  const { listDevices } = await import('../../model/execute/devices.ts')
  const found = await listDevices()
  const rows = found.map(({ device, works, detail }) => [device, works ? 'works' : 'no', detail])
  print(
    json
      ? `${JSON.stringify(found, null, 1)}\n`
      : `${fitColumns([['device', 'here', 'what runs it, or why not'], ...rows], process.stdout.columns)}\n`,
  )
}

/** Above this a device does not compute what it should: float16 has three digits, which a long sum spends; bfloat16 two. */
const TOLERANCE: Readonly<Record<Precision, number>> = { float32: 1e-3, float16: 5e-2, bfloat16: 2e-1 }

interface CheckFlags extends DeviceFlags {
  readonly precision: Precision
}

const MEASURES: readonly (readonly [keyof EngineErrors, string])[] = [
  ['embeddings', 'embeddings'],
  ['loss', 'loss'],
  ['gradients', 'gradients'],
  ['parameters', 'updated parameters'],
]

const checkEngineIn = async (folder: string | undefined, flags: CheckFlags): Promise<void> => {
  const [{ checkEngine }, { selfCheck }, { checkPrecision, chooseDevice }, { onDevice }] = await Promise.all([
    import('../../model/check/check-engine.ts'),
    import('../../model/check/self-check.ts'),
    import('../../model/execute/devices.ts'),
    import('../../model/training/on-device.ts'),
  ])
  const device = await chooseDevice(flags.device)
  const { precision } = flags
  await checkPrecision(device, precision)
  const found =
    folder === undefined
      ? await selfCheck(() => onDevice(device), { precision })
      : new Map([['', await checkEngine(folder, await onDevice(device), { precision })]])
  const tolerance = TOLERANCE[precision]
  const title = `largest relative error on ${device}, ${precision}${folder === undefined ? ', against the processor' : ''}`
  const rows = MEASURES.map(([key, name]) => [
    name,
    ...[...found.values()].map((errors) => errors[key].toExponential(1)),
  ])
  const heads = folder === undefined ? [['', ...found.keys()]] : []
  print(`${title}\n${alignColumns([...heads, ...rows])}\n`)
  // NaN is no pass either.
  const wrong = MEASURES.filter(([key]) => [...found.values()].some((errors) => !(errors[key] <= tolerance)))
  if (wrong.length === 0) return
  const names = wrong.map(([, name]) => name).join(', ')
  note(`\nerror: ${device} computes otherwise than expected: ${names} above ${tolerance}\n`)
  process.exitCode = 1
}

interface EncodeFlags extends DeviceFlags, OutputFlags {
  readonly input: string
  readonly output: string
  readonly column?: string
  readonly kind: 'query' | 'passage'
}

const encode = async (
  model: string,
  { input, column, output, kind, device, json, quiet = false }: EncodeFlags,
): Promise<void> => {
  const [{ loadEncoder }, { encodeFile }, { checkOutput }] = await Promise.all([
    import('../../model/encoder.ts'),
    import('../../search/encode-file.ts'),
    import('../../search/embedding-files.ts'),
  ])
  checkOutput(output)
  const { signal, stop } = onInterrupt()
  const began = performance.now()
  const progress = createProgress({ quiet })
  const onProgress = (texts: number): void => progress.update(texts, null, 'texts')
  try {
    const encoder = await loadEncoder(model, { device })
    try {
      progress.start('encode')
      const texts = await encodeFile({ encoder, input, column, output, kind, signal, onProgress })
      const seconds = (performance.now() - began) / 1000
      const { dimensions } = encoder
      if (json) print(`${JSON.stringify({ texts, dimensions, seconds, output }, null, 1)}\n`)
      else
        progress.finish(
          `${many(texts, 'text')}, ${dimensions} dimensions, ${seconds.toFixed(1)} s, written to ${output}`,
        )
    } finally {
      await encoder.close()
    }
  } finally {
    stop()
  }
}

const exportOnnx = async (folder: string, { output }: { readonly output: string }): Promise<void> => {
  const [{ openModel }, { writeEncoderOnnx }] = await Promise.all([
    import('../../model/folder.ts'),
    import('../../model/encoder-graph.ts'),
  ])
  const model = await openModel(folder)
  const temporary = `${output}.tmp`
  const name = basename(output)
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  try {
    await writeEncoderOnnx(model, temporary, name)
    const data = join(temporary, `${name}.data`)
    if (existsSync(data)) await rename(data, join(dirname(output), `${name}.data`))
    await rename(join(temporary, name), output)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  note(`${model.network.dimensions} dimensions, written to ${output}\n`)
}

export const register = (program: Command): void => {
  program
    .command('devices')
    .description('what this machine can train and encode on, and why not on the rest')
    .option('--json', 'print JSON')
    .action(devices)
  withDevice(program.command('check-engine'))
    .description('compare training steps on a device with known results')
    .argument(
      '[folder]',
      'of a case (config.json, model.safetensors, batch.json, expected.json, expected.safetensors); without one, small random models are compared with the processor',
    )
    .addOption(
      new Option('--precision <precision>', 'what the encoder computes in')
        .choices(['float32', 'float16'])
        .default('float32'),
    )
    .addHelpText(
      'after',
      `\nExit code 1 when an error is above ${TOLERANCE.float32} (float16: ${TOLERANCE.float16}). Run it first on a new GPU.`,
    )
    .action(checkEngineIn)
  withOutput(withDevice(program.command('encode')), 'print what was done as JSON')
    .description('embeddings of the texts in a file')
    .argument('<model>', 'folder of the model, or ORG/NAME in the local Hugging Face cache')
    .requiredOption('--input <file>', 'lines of text, .jsonl, .csv or .tsv with a header; may be compressed')
    .requiredOption('--output <file>', 'what to write: .parquet, .npy, .jsonl or .csv')
    .option('--column <name>', 'column or field of the text (default: "text")')
    .addOption(
      new Option('--kind <kind>', 'whose prefix goes before a text').choices(['query', 'passage']).default('passage'),
    )
    .addHelpText(
      'after',
      '\nThe ending of the output says what is written, in the order of the input, embeddings L2-normalised:\n' +
        '  .parquet, .jsonl  id, embedding (a list of floats)\n' +
        '  .csv              id, dim_0, dim_1 ...\n' +
        '  .npy              float32 [texts, dimensions]; the ids lie beside it, a JSON text a line, in FILE.ids.jsonl\n' +
        'Ids are the fields or columns id, docid or _id; of plain text, and of tables without one, the number of the\n' +
        'line. Blank lines are left out.',
    )
    .action(encode)
  program
    .command('export-onnx')
    .description("write a model's encoder as one ONNX file")
    .argument('<model>', 'folder of the model, or ORG/NAME in the local Hugging Face cache')
    .requiredOption('--output <file>', 'ONNX file to write; weights above 1.5 GiB lie beside it in FILE.data')
    .addHelpText(
      'after',
      '\nInputs: input_ids and attention_mask, int64 [batch, length]. Output: sentence_embedding, L2-normalised.',
    )
    .action(exportOnnx)
}
