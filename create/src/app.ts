/** Writes a new app: the files of template/, and its package.json. */
import { constants, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Kind, UsageError, type Wish } from './arguments.js'
import { packageJson } from './manifest.js'
import { nameOf, targetProblem } from './target.js'

const template = fileURLToPath(new URL('../template', import.meta.url))

/** npm leaves a file of that name out of what it publishes. */
const renamed: Record<string, string> = { _gitignore: '.gitignore' }

/** Files that belong to one kind alone. */
const only: Record<string, Kind> = { 'vite.config.ts': 'vite' }

/**
 * Gives the folder's whole path. No file is overwritten, whatever happens in the folder meanwhile.
 * @throws UsageError if the app can't go there
 */
export function writeApp({ folder, kind }: Required<Wish>): string {
  const problem = targetProblem(folder)
  if (problem !== undefined) throw new UsageError(problem)
  const root = resolve(folder)
  try {
    mkdirSync(root, { recursive: true })
    writeFileSync(join(root, 'package.json'), packageJson(nameOf(folder), kind), { flag: 'wx' })
    for (const file of templateFiles(kind)) copy(file, root)
  } catch (error) {
    throw new UsageError(`${JSON.stringify(folder)} can't be written: ${(error as Error).message}`)
  }
  return root
}

function templateFiles(kind: Kind): string[] {
  const paths = readdirSync(template, { recursive: true, encoding: 'utf8' })
  return paths.filter((path) => statSync(join(template, path)).isFile() && (only[path] ?? kind) === kind)
}

function copy(file: string, root: string): void {
  const target = join(root, renamed[file] ?? file)
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(template, file), target, constants.COPYFILE_EXCL)
}
