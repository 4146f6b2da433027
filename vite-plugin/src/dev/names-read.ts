/** Which names a module of ours reads from a file, where that can be told. */
import { leadsTo } from '../ids.js'
import type { TransformAnswer, TransformedModule } from '../service/protocol.js'

/** Undefined: it may read anything of it. What it imports later, dynamically, it does not read. */
export function namesRead(answer: TransformAnswer | undefined, part: string, file: string, target: string): string[] | undefined {
  const made = answer?.server
  const imports = made && (made.exportStars.length > 0 ? undefined : staticImports(made, part))
  if (imports === undefined) return undefined
  const leads = (specifier: string): boolean => leadsTo(file, specifier, target)
  if (made!.imports.some(({ kind, specifier }) => kind === 'dynamic' && isRelative(specifier) && leads(specifier)) && !imports.some(({ specifier }) => leads(specifier))) return []
  const names: string[] = []
  for (const { specifier, names: read } of imports) {
    if (!isRelative(specifier)) return undefined // an alias, perhaps
    if (!leads(specifier)) continue
    if (read.length === 0) return undefined
    names.push(...read)
  }
  return names
}

/** Those of one part, without those that are only for the order; of a file in one piece, all. */
function staticImports({ imports, parts }: TransformedModule, part: string): { specifier: string; names: string[] }[] | undefined {
  const found = parts?.find(({ name }) => name === part)
  if (found === undefined) return parts?.length ? undefined : imports.filter(({ kind }) => kind === 'static')
  return found.deps.flatMap(({ part: sibling, import: index, names, weak }) => {
    const specifier = imports[index]?.specifier
    return sibling !== '' || weak || specifier === undefined ? [] : [{ specifier, names }]
  })
}

const isRelative = (specifier: string): boolean => /^\.\.?\//.test(specifier)
