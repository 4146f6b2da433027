/**
 * Vite's server graph and runner, as far as an edit must reach into both (DESIGN.md D9): left to itself Vite's runner
 * clears everything, and with it all state of the app.
 */
import type { EnvironmentModuleNode, RunnableDevEnvironment } from 'vite'
import { cleanId, partOf } from '../ids.js'
import type { TransformAnswer } from '../service/protocol.js'

/** Forgets a module's code and its instance, after its `dispose` callbacks; what imported it keeps the old one. */
export function invalidate(environment: RunnableDevEnvironment, node: EnvironmentModuleNode | undefined): void {
  if (node === undefined) return
  environment.moduleGraph.invalidateModule(node)
  const evaluated = node.id === null ? undefined : environment.runner.evaluatedModules.getModuleById(node.id)
  if (evaluated !== undefined) environment.runner.evaluatedModules.invalidateModule(evaluated)
}

/** Its exports object; another one after each evaluation. */
export function instanceOf(environment: RunnableDevEnvironment, id: string): Record<string, unknown> | undefined {
  const module = environment.runner.evaluatedModules.getModuleById(id)
  return module?.evaluated ? (module.exports as Record<string, unknown>) : undefined
}

/** What a file's parts depend on among each other, beside the order of evaluation. */
export type PartsOf = (file: string) => TransformAnswer | undefined

/** These and everything that has to be evaluated again with them, importers last. */
export function withImporters(changed: Iterable<EnvironmentModuleNode>, partsOf: PartsOf): Set<EnvironmentModuleNode> {
  const stale = new Set(changed)
  for (const node of stale) for (const importer of node.importers) if (readsFrom(importer, node, partsOf)) stale.add(importer)
  return stale
}

/** Whether an importer uses what it imports: not later, by a dynamic import, and not only for the order. */
function readsFrom(importer: EnvironmentModuleNode, node: EnvironmentModuleNode, partsOf: PartsOf): boolean {
  if (importer.id === null || node.id === null) return true
  const part = partOf(importer.id)
  if (part === 'imports' || partOf(node.id) === 'imports') return false
  const file = cleanId(importer.id)
  if (file === cleanId(node.id)) return readsSibling(part ?? '', partOf(node.id) ?? '', partsOf(file))
  const made = importer.transformResult
  // Unknown is strong: it was forgotten itself just now.
  return made?.deps === undefined || made.deps.includes(node.url)
}

function readsSibling(part: string, sibling: string, answer: TransformAnswer | undefined): boolean {
  const found = answer?.server?.parts?.find(({ name }) => name === part)
  if (found === undefined || part === '') return true
  return found.deps.some((dep) => dep.part === sibling && !dep.weak)
}
