// Lists the files of a folder in an order that is the same everywhere.
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { fileError } from './errors.ts'
import { compareNaturally } from '../../core/natural-order.ts'

/** Decides by its name (with `/` between folders, relative to the root) whether a file or an archive's entry is read. */
export type Accept = (name: string) => boolean

/** Files that systems leave behind in folders and archives beside the real ones. */
export const isDebris = (name: string): boolean => /(^|\/)(\._[^/]*|__MACOSX\/.*|\.DS_Store)$/.test(name)

/** True for a folder, false for a file. Throws UserError where there is nothing. */
export const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw fileError(path, error, 'a file or folder')
  }
}

// A link may stand for a file within the folder. It never leads to one outside, nor to a folder, which could be a circle.
const linksToFile = async (root: string, name: string): Promise<boolean> => {
  const path = join(root, name)
  try {
    const [target, home] = await Promise.all([realpath(path), realpath(root)])
    if (target !== home && !target.startsWith(home + sep)) {
      throw new UserError({
        where: path,
        expected: 'files within the folder',
        found: 'a symbolic link that leads out of it',
        fix: 'Put the file itself there (cp -L copies what links stand for), or name its own folder.',
      })
    }
    return (await stat(target)).isFile()
  } catch (error) {
    throw fileError(path, error)
  }
}

/**
 * Names of a folder's files, sub-folders included, in natural order, relative to it and with `/` as separator.
 * Throws UserError where the folder is missing or a wanted file is a symbolic link that leads out of it.
 */
export const listFiles = async (root: string, accept: Accept = () => true): Promise<string[]> => {
  const names: string[] = []
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true })
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) await visit(name)
      else if (isDebris(name) || !accept(name)) continue
      else if (entry.isFile() || (entry.isSymbolicLink() && (await linksToFile(root, name)))) names.push(name)
    }
  }
  try {
    await visit('')
  } catch (error) {
    throw fileError(root, error, 'a folder')
  }
  return names.sort(compareNaturally)
}
