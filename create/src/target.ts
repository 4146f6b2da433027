/** The folder that an app goes to, and the name that it gives the app. */
import { readdirSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, resolve } from 'node:path'
import { dependencyNames } from './manifest.js'

/** npm's limit for the name of a package. */
const MAX_LENGTH = 214

/** Names that Windows keeps for devices, whatever follows the dot. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/

export const nameOf = (folder: string): string => basename(resolve(folder))

/** Why an app can't go there, as one sentence; nothing if it can. */
export function targetProblem(folder: string): string | undefined {
  return nameProblem(folder) ?? folderProblem(folder)
}

function nameProblem(folder: string): string | undefined {
  const name = nameOf(folder)
  const says = (why: string): string => `${JSON.stringify(name)} can't be the name of an app: ${why}`
  if (folder.trim() === '' || name === '') return 'the name is empty: write one such as "my-app"'
  if (/^@[^/\\]+[/\\]/.test(folder)) return `${JSON.stringify(folder)} would be a folder in a folder: create ${JSON.stringify(name)}, and write the scope into its package.json`
  if (!/^[a-z0-9-][a-z0-9._-]*$/.test(name) || name.endsWith('.')) {
    return says('use lower-case letters, digits, "-", "_" and ".", and start with a letter or digit, as in "my-app"')
  }
  if (name.length > MAX_LENGTH) return `a name of ${name.length} characters can't be the name of an app: npm takes ${MAX_LENGTH}`
  if (name === 'node_modules' || DEVICE.test(name)) return says('it means something else to npm or to Windows')
  if (builtinModules.includes(name)) return says('Node has a module of that name')
  if (dependencyNames.includes(name)) return says('the app needs a package of that name')
  return undefined
}

function folderProblem(folder: string): string | undefined {
  const place = resolve(folder)
  try {
    if (!statSync(place).isDirectory()) return `${JSON.stringify(folder)} is a file: choose another name`
    // A repository that was made for the app has nothing to lose.
    const found = readdirSync(place).filter((name) => name !== '.git')
    if (found.length > 0) return `the folder ${JSON.stringify(folder)} is not empty (it has ${found[0]}): choose another name, or empty it`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    return code === 'ENOTDIR' ? `${JSON.stringify(folder)} leads through a file: choose another folder` : message
  }
  return undefined
}
