/** Imports that led nowhere when their module was transformed: its code asks for them by a name that Vite never tries again. */
import { basename, dirname, extname, isAbsolute } from 'node:path/posix'
import type { DevEnvironment, EnvironmentModuleNode } from 'vite'
import { cleanId } from '../ids.js'

/** The modules that import what a new file is. */
export async function waitingFor(environment: DevEnvironment, file: string): Promise<EnvironmentModuleNode[]> {
  const waiting: EnvironmentModuleNode[] = []
  for (const node of environment.moduleGraph.idToModuleMap.values()) {
    if (node.id === null || isAbsolute(node.id) || node.id.startsWith('\0') || !mayMean(node.id, file)) continue
    for (const importer of node.importers) {
      const found = await environment.pluginContainer.resolveId(node.id, importer.id ?? undefined)
      if (found !== null && cleanId(found.id) === file) waiting.push(importer)
    }
  }
  return waiting
}

/** Whether it is worth asking all plugins: the last word is the file's, or its folder's. */
function mayMean(specifier: string, file: string): boolean {
  const name = basename(file, extname(file))
  const word = basename(specifier)
  return word === name || word === basename(file) || basename(specifier, extname(specifier)) === name || (name === 'index' && word === basename(dirname(file)))
}
