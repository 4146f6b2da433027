/**
 * Vite's server graph and runner, as far as an edit must reach into both (DESIGN.md D9): left to itself Vite forgets
 * everything that imports what changed, and with it all state of the app.
 */
import type { EnvironmentModuleNode, RunnableDevEnvironment } from 'vite'
import { cleanId, partOf, SERVER_MANIFEST } from '../ids.js'
import type { TransformAnswer } from '../service/protocol.js'
import { namesRead } from './names-read.js'

/**
 * Instances of modules that `isOwn` takes stay until `invalidate` forgets them. Vite forgets all that reaches a saved
 * file before it tells anybody of the save: a page that is asked for just then would evaluate it again.
 */
export function keepInstances(environment: RunnableDevEnvironment, isOwn: (id: string) => boolean): void {
  const fetchModule = environment.fetchModule.bind(environment)
  environment.fetchModule = async (url, importer, options) => {
    if (options?.cached) {
      const node = await environment.moduleGraph.getModuleByUrl(url)
      if (node?.id && isOwn(node.id)) return { cache: true }
    }
    return fetchModule(url, importer, options)
  }
}

/** Forgets a module's code and its instance; what imported it keeps the old one. */
export function invalidate(environment: RunnableDevEnvironment, node: EnvironmentModuleNode | undefined): void {
  if (node === undefined) return
  // Vite's own invalidateModule() would go on to the importers.
  node.transformResult = null
  // Else Vite, which takes importers of what changed for unchanged, would give their old code back.
  ;(node as { invalidationState?: unknown }).invalidationState = 'HARD_INVALIDATED'
  node.lastInvalidationTimestamp = Date.now()
  const evaluated = node.id === null ? undefined : environment.runner.evaluatedModules.getModuleById(node.id)
  if (evaluated !== undefined) environment.runner.evaluatedModules.invalidateModule(evaluated)
}

/** Forgets what could not be evaluated: the runner would go on to give its error, whatever was mended since. */
export async function forgetFailed({ runner: { evaluatedModules } }: RunnableDevEnvironment): Promise<void> {
  await Promise.all(
    [...evaluatedModules.idToModuleMap.values()].map(async (module) => {
      // `evaluated` says that it ended, one way or the other.
      const failed = module.evaluated && (await module.promise?.then(() => false, () => true))
      if (failed) evaluatedModules.invalidateModule(module)
    }),
  )
}

/**
 * Gives the modules that stay their code back, which Vite forgot with that of the file they import: without it those of
 * other plugins would be evaluated again when somebody imports them next, and stacks would lose the source maps of ours.
 */
export async function restore(environment: RunnableDevEnvironment, stale: ReadonlySet<EnvironmentModuleNode>): Promise<void> {
  for (const node of environment.moduleGraph.idToModuleMap.values()) {
    if (node.transformResult || stale.has(node) || node.id === null) continue
    if (instanceOf(environment, node.id) !== undefined) await environment.transformRequest(node.url).catch(() => {})
  }
}

/** Its exports object; another one after each evaluation. */
export function instanceOf(environment: RunnableDevEnvironment, id: string): Record<string, unknown> | undefined {
  const module = environment.runner.evaluatedModules.getModuleById(id)
  return module?.evaluated ? (module.exports as Record<string, unknown>) : undefined
}

/** What is known of the app's own modules: Vite keeps no account of what the server imports statically. */
export interface Sources {
  /** What became of a source file. */
  answerOf(file: string): TransformAnswer | undefined
  /** The one file that the manifest imports statically, if the app has it. */
  serverEntry: string
}

/** These and everything that has to be evaluated again with them, importers last. */
export function withImporters(changed: Iterable<EnvironmentModuleNode>, sources: Sources): Set<EnvironmentModuleNode> {
  const stale = new Set(changed)
  // Whether an importer reads what is stale can depend on what is found later: the parts of one file come one by one.
  for (let size = -1; size !== stale.size; ) {
    size = stale.size
    for (const node of stale) for (const importer of node.importers) if (readsFrom(importer, node, stale, sources)) stale.add(importer)
  }
  return stale
}

/** Whether an importer uses what it imports: not later, by a dynamic import, and not only for the order. */
function readsFrom(importer: EnvironmentModuleNode, node: EnvironmentModuleNode, stale: ReadonlySet<EnvironmentModuleNode>, { answerOf, serverEntry }: Sources): boolean {
  if (importer.id === null || node.id === null) return true
  const part = partOf(importer.id)
  if (part === 'imports' || partOf(node.id) === 'imports') return false
  const file = cleanId(importer.id)
  const target = cleanId(node.id)
  if (file === target) return readsSibling(part ?? '', partOf(node.id) ?? '', answerOf(file))
  if (importer.id === SERVER_MANIFEST) return target === serverEntry
  const names = namesRead(answerOf(file), part ?? '', file, target)
  if (names?.length === 0) return false
  const exportParts = answerOf(target)?.server?.exportParts
  if (names === undefined || exportParts === undefined) return true
  const staleParts = new Set([...stale].flatMap(({ id }) => (id !== null && cleanId(id) === target ? [partOf(id) ?? ''] : [])))
  return names.some((name) => exportParts[name] === undefined || staleParts.has(exportParts[name]))
}

function readsSibling(part: string, sibling: string, answer: TransformAnswer | undefined): boolean {
  const found = answer?.server?.parts?.find(({ name }) => name === part)
  if (found === undefined || part === '') return true
  return found.deps.some((dep) => dep.part === sibling && !dep.weak)
}
