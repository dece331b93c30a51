// LibTorch, loaded by its documented C interface (torch/csrc/stable/c/shim.h and torch/csrc/inductor/aoti_torch/c/shim.h
// in PyTorch's own headers). One a process, called from one thread: its last error and its gradient mode are per thread.
import { existsSync } from 'node:fs'
import { UserError, messageOf } from '../../../core/errors.ts'
import { openFfi, type CFunction, type CLibrary, type Ffi, type Kind } from './ffi.ts'
import { findLibTorch, libraryFile, type LibTorchPlace } from './find.ts'
import { textsOf, wordsOf, type Words } from './words.ts'

export interface LibTorch {
  readonly place: LibTorchPlace
  /** As PyTorch names itself where that is known, else by its interface: "2.13.0+cpu". */
  readonly version: string
  /** The interface's version as its functions take it. */
  readonly word: number
  readonly ffi: Ffi
  readonly text: (text: string) => number
  /** Room for what a call is given and gives back. */
  readonly words: Words
  /** A function by name; undefined where this LibTorch has none. */
  readonly find: (name: string, result: Kind, parameters: readonly Kind[]) => CFunction | undefined
  /** A function that every LibTorch from 2.10 on has. */
  readonly get: (name: string, result: Kind, parameters: readonly Kind[]) => CFunction
  /** What went wrong in the last call of this thread. */
  readonly lastError: () => string
  /** Undefined where the libraries for CUDA (or ROCm, which calls itself so) are loaded, else why they are not. */
  readonly withoutCuda: string | undefined
}

const OLDEST = [2, 10] as const
/** The interface that this program was written for: what is newer is called as if it were this. */
const NEWEST = 2 ** 56 * 2 + 2 ** 48 * 13
const WORDS = 8192

let loaded: Promise<LibTorch> | undefined

/** Finds and loads LibTorch, once. Throws UserError where there is none that works. */
export const loadLibTorch = (): Promise<LibTorch> => {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined
    throw error
  })
  return loaded
}

const load = async (): Promise<LibTorch> => {
  const place = await findLibTorch()
  const ffi = await openFfi()
  // Read when cuBLAS starts: without it some of its products differ from run to run.
  process.env.CUBLAS_WORKSPACE_CONFIG ??= ':4096:8'
  // Threads that wait for each other by turning in circles stand still on a machine that has other work: 24 times slower
  // on two cores with twenty busy processes. Waiting this short costs nothing that can be measured on an idle one.
  if (process.env.OMP_WAIT_POLICY === undefined) process.env.GOMP_SPINCOUNT ??= '1000'
  const open = (name: string): CLibrary => ffi.open(libraryFile(place.folder, name))
  const libraries: CLibrary[] = []
  try {
    open('c10')
    libraries.push(open('torch_cpu'))
  } catch (error) {
    throw new UserError({
      where: place.folder,
      expected: 'a LibTorch that loads',
      found: messageOf(error),
      fix: 'Install PyTorch again, or name another one with LRAT_TORCH.',
      cause: error,
    })
  }
  const withoutCuda = loadCuda(place, open, libraries)
  const find: LibTorch['find'] = (name, result, parameters) => {
    for (const library of libraries) {
      const found = library.find(name, result, parameters)
      if (found !== undefined) return found
    }
    return undefined
  }
  const { word, version } = versionOf(place, find)
  const what = libraries[0]?.findText('torch_exception_get_what_without_backtrace')
  const torch: LibTorch = {
    place,
    version: place.version ?? version,
    word: Math.min(word, NEWEST),
    ffi,
    text: textsOf(ffi),
    words: wordsOf(ffi, WORDS),
    find,
    get: (name, result, parameters) => {
      const found = find(name, result, parameters)
      if (found !== undefined) return found
      throw tooOld(place, `${version}, which has no ${name}`)
    },
    // Before 2.13 the text goes to the process' standard error only.
    lastError: () => what?.() ?? 'an error that this LibTorch has printed above',
    withoutCuda,
  }
  // Per thread: nothing of PyTorch's own differentiation is used.
  torch.get('aoti_torch_grad_mode_set_enabled', 'void', ['int'])(0)
  return torch
}

const versionOf = (place: LibTorchPlace, find: LibTorch['find']) => {
  const word = find('aoti_torch_abi_version', 'word', [])?.()
  if (word === undefined) throw tooOld(place, place.version ?? 'one without a version')
  const [major, minor] = [Math.floor(word / 2 ** 56), Math.floor(word / 2 ** 48) % 256]
  const version = `${major}.${minor}`
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) throw tooOld(place, version)
  return { word, version }
}

const tooOld = ({ folder, by }: LibTorchPlace, found: string): UserError =>
  new UserError({
    where: folder,
    expected: `LibTorch ${OLDEST.join('.')} or newer`,
    found: `${found} (by ${by})`,
    fix: 'Install a newer PyTorch, or name another one with LRAT_TORCH.',
  })

/** Kernels for CUDA register as their library loads. */
const loadCuda = (place: LibTorchPlace, open: (name: string) => CLibrary, into: CLibrary[]): string | undefined => {
  const names = [
    ['c10_cuda', 'torch_cuda'],
    ['c10_hip', 'torch_hip'],
  ].find((pair) => pair.every((name) => existsSync(libraryFile(place.folder, name))))
  if (names === undefined) return 'this LibTorch is built for processors only'
  try {
    into.push(...names.map(open).reverse())
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
