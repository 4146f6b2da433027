/** Which names a module of ours reads from a file, where that can be told. */
import { dirname, join } from 'node:path/posix'
import type { TransformAnswer } from '../service/protocol.js'

/** Undefined: it may read anything of it. */
export function namesRead(answer: TransformAnswer | undefined, part: string, file: string, target: string): string[] | undefined {
  const made = answer?.server
  const found = made?.parts?.find(({ name }) => name === part)
  if (made === undefined || found === undefined || made.exportStars.length > 0) return undefined
  const names: string[] = []
  for (const { part: sibling, import: index, names: read, weak } of found.deps) {
    const specifier = made.imports[index]?.specifier
    if (sibling !== '' || weak || specifier === undefined) continue
    if (!/^\.\.?\//.test(specifier)) return undefined // an alias, perhaps
    if (!leadsTo(join(dirname(file), specifier), target)) continue
    if (read.length === 0) return undefined
    names.push(...read)
  }
  return names
}

/** With its extension, without it, or as a folder. */
function leadsTo(path: string, target: string): boolean {
  if (path === target) return true
  const bare = target.replace(/\.[cm]?[jt]sx?$/, '')
  return path === bare || path === bare.replace(/\/index$/, '') || path.replace(/\.[cm]?js$/, '') === bare
}
