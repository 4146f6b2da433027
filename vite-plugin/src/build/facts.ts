/** What only the client's finished graph tells the server: symbols by route, and the files that a page needs. */
import type { Rollup } from 'vite'
import { cleanId, CLIENT, specifierOf } from '../ids.js'
import type { Project } from '../project.js'
import type { Assets, ManifestData, ManifestSymbol } from '../service/protocol.js'

export interface ClientFacts {
  manifest: ManifestData
}

export async function findFacts(context: Rollup.PluginContext, project: Project, bundle: Rollup.OutputBundle): Promise<ClientFacts> {
  const chunks = Object.values(bundle).filter((file): file is Rollup.OutputChunk => file.type === 'chunk')
  const entry = chunks.find(({ facadeModuleId }) => facadeModuleId === CLIENT)
  if (entry === undefined) throw new Error('[eclipsa] another plugin took the client entry away: it has no chunk')
  const symbols = new Map<string, ManifestSymbol>()
  const known = closureOf(entry, bundle)
  const url = (file: string): string => project.config.base + file
  const assets = assetsOf(entry, bundle, new Set([entry.fileName]), url)
  const routes: ManifestData['routes'] = {}
  for (const { id, clientFiles } of project.app.routes) {
    const files = clientFiles.map((file) => `${project.root}/${file}`)
    const own = chunksOf(files, chunks).map((chunk) => assetsOf(chunk, bundle, known, url))
    routes[id] = {
      symbols: await reached(context, project, files, symbols),
      assets: { scripts: [], preload: unique(own.flatMap(({ preload }) => preload)), styles: unique(own.flatMap(({ styles }) => styles)) },
    }
  }
  return { manifest: { symbols: [...symbols.values()], routes, assets: { ...assets, scripts: [url(entry.fileName)] }, notFoundScripts: [] } }
}

function chunksOf(files: string[], chunks: Rollup.OutputChunk[]): Rollup.OutputChunk[] {
  return files.flatMap((file) => chunks.find(({ facadeModuleId }) => facadeModuleId === file) ?? chunks.find(({ moduleIds }) => moduleIds.includes(file)) ?? [])
}

/** Files of a chunk and of what it imports statically. */
function closureOf(chunk: Rollup.OutputChunk, bundle: Rollup.OutputBundle): Set<string> {
  const files = new Set([chunk.fileName])
  for (const file of files) {
    const one = bundle[file]
    if (one?.type === 'chunk') for (const imported of one.imports) files.add(imported)
  }
  return files
}

/** `known` are chunks that the page has anyway; their styles count all the same. */
function assetsOf(chunk: Rollup.OutputChunk, bundle: Rollup.OutputBundle, known: ReadonlySet<string>, url: (file: string) => string): Assets {
  const preload: string[] = []
  const styles: string[] = []
  for (const file of closureOf(chunk, bundle)) {
    const one = bundle[file]
    if (one?.type !== 'chunk') continue
    if (!known.has(file)) preload.push(url(file))
    // What is imported comes first, as in one file.
    styles.unshift(...[...(one.viteMetadata?.importedCss ?? [])].map(url))
  }
  return { scripts: [], preload, styles: unique(styles) }
}

const unique = (list: string[]): string[] => [...new Set(list)]

/** Ids of the symbols in and below some modules, dynamic imports included; notes each symbol. */
async function reached(context: Rollup.PluginContext, project: Project, files: string[], symbols: Map<string, ManifestSymbol>): Promise<string[]> {
  const seen = new Set(files)
  const ids: string[] = []
  for (const id of seen) {
    const info = context.getModuleInfo(id)
    if (info === null) continue
    const file = cleanId(id)
    for (const symbol of (await project.known(file))?.symbols ?? []) {
      ids.push(symbol.id)
      note(symbols, { id: symbol.id, kind: symbol.kind, specifier: specifierOf(project.root, file) })
    }
    for (const next of [...info.importedIds, ...info.dynamicallyImportedIds]) seen.add(next)
  }
  return unique(ids).sort()
}

function note(symbols: Map<string, ManifestSymbol>, symbol: ManifestSymbol): void {
  const other = symbols.get(symbol.id)
  if (other !== undefined && other.specifier !== symbol.specifier) {
    throw new Error(`[eclipsa] two server symbols have the id "${symbol.id}": ${other.specifier} and ${symbol.specifier}. Ids hash the module's path and the binding's name: rename one of the two.`)
  }
  symbols.set(symbol.id, symbol)
}
