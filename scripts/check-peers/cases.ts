// Training steps against transformers at sizes beyond the toy ones.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkEngine } from '../../model/check/check-engine.ts'
import type { Device } from '../../model/execute/device-names.ts'
import { onDevice } from '../../model/training/on-device.ts'
import type { Python } from './python.ts'

type Written = Readonly<Record<string, { readonly parameters: number; readonly left: number | null }>>

/** Makes the cases, runs them on the devices (TensorFlow.js in plain JavaScript only the small ones), prints a table. */
export const checkCases = async (python: Python, folder: string, devices: readonly Device[]): Promise<boolean> => {
  mkdirSync(folder, { recursive: true })
  const written = python.peer<Written>('cases_transformers.py', folder)
  const rows: Record<string, string>[] = []
  let worst = 0
  for (const [name, { parameters, left }] of Object.entries(written)) {
    for (const device of devices) {
      if (device === 'tfjs' && !name.endsWith('small')) continue
      const errors = await checkEngine(join(folder, name), await onDevice(device))
      for (const error of Object.values(errors) as number[]) worst = error <= worst ? worst : error
      rows.push({
        case: name,
        size: `${(parameters / 1e6).toFixed(1)} M`,
        device,
        ...Object.fromEntries(Object.entries(errors).map(([key, error]) => [key, (error as number).toExponential(1)])),
        'left padding': left === null ? '' : left.toExponential(1),
      })
    }
  }
  console.log('Largest relative errors against transformers in float64; left padding: how far it is from right, there')
  console.table(rows)
  return worst <= 1e-4
}
