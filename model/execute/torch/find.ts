// Where LibTorch lies: nothing is loaded here.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../../../core/errors.ts'

export interface LibTorchPlace {
  /** The folder of the libraries. */
  readonly folder: string
  /** What led there, for users: "LRAT_TORCH" … */
  readonly by: string
  /** As PyTorch names itself, such as "2.13.0+cpu"; undefined where only the libraries are. */
  readonly version?: string
}

const NAMES = { linux: ['lib', '.so'], darwin: ['lib', '.dylib'], win32: ['', '.dll'] } as const
const [PREFIX, SUFFIX] =
  process.platform === 'darwin' || process.platform === 'win32' ? NAMES[process.platform] : NAMES.linux

/** The file of a library on this platform: `libc10.so` of `c10`. */
export const libraryFile = (folder: string, name: string): string => join(folder, `${PREFIX}${name}${SUFFIX}`)

const holds = (folder: string): boolean => existsSync(libraryFile(folder, 'torch_cpu'))

/** The folder itself, or where an installed PyTorch has its libraries below a folder that one would name. */
const within = (folder: string): string | undefined =>
  [folder, join(folder, 'lib'), join(folder, 'torch', 'lib'), ...sitePackages(folder)].find(holds)

/** Of a virtual environment or conda prefix. */
const sitePackages = (prefix: string): string[] => {
  const lib = join(prefix, 'lib')
  const pythons = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith('python3')) : []
  return [...pythons.map((name) => join(lib, name)), join(prefix, 'Lib')].map((folder) =>
    join(folder, 'site-packages', 'torch', 'lib'),
  )
}

const placeOf = (folder: string, by: string): LibTorchPlace => {
  const path = join(folder, '..', 'version.py')
  const version = existsSync(path) ? /__version__\s*=\s*'([^']+)'/.exec(readFileSync(path, 'utf8'))?.[1] : undefined
  return { folder, by, ...(version !== undefined && { version }) }
}

const ASK = 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")'
const PATIENCE_MS = 20_000

/** What the Python on the PATH says, without loading PyTorch. */
const askPython = async (): Promise<string | undefined> => {
  const onPath = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'python3')))
  if (!onPath) return undefined
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', ASK], { timeout: PATIENCE_MS })
    return stdout.trim() === '' ? undefined : within(stdout.trim())
  } catch {
    return undefined
  }
}

let asked: Promise<string | undefined> | undefined

/**
 * LibTorch in the folder that LRAT_TORCH names, else in the active virtual environment or conda prefix, else that of the
 * `python3` on the PATH. Throws UserError where there is none, or none where LRAT_TORCH says.
 */
export const findLibTorch = async (): Promise<LibTorchPlace> => {
  const told = process.env.LRAT_TORCH
  if (told !== undefined && told !== '') {
    const found = within(told)
    if (found !== undefined) return placeOf(found, 'LRAT_TORCH')
    throw new UserError({
      where: 'LRAT_TORCH',
      expected: `a folder with ${libraryFile('', 'torch_cpu')}`,
      found: `${told}, which has none`,
      fix: 'Name the folder torch/lib of an installed PyTorch, or unset LRAT_TORCH.',
    })
  }
  for (const name of ['VIRTUAL_ENV', 'CONDA_PREFIX']) {
    const found = process.env[name] === undefined ? undefined : within(process.env[name])
    if (found !== undefined) return placeOf(found, name)
  }
  const found = await (asked ??= askPython())
  if (found !== undefined) return placeOf(found, 'python3')
  throw new UserError({
    where: 'device torch',
    expected: 'LibTorch, which comes with PyTorch',
    found: 'none by LRAT_TORCH, the active environment, or python3 on the PATH',
    fix: 'Activate an environment with PyTorch 2.10 or newer, or set LRAT_TORCH to the folder of libtorch_cpu.',
  })
}
