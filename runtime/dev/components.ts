/** After an update: replaces components under their state, and finds the modules for which that is not enough. */
import type { Replacement } from './update.js'

/** See refresh.ts, which is bundled with the page's Preact. */
export interface RefreshLibrary {
  refresh(previous: Function, next: Function, resetState: boolean): void
  takeRenderErrors(): unknown[]
}

/**
 * @param replacements dependencies first
 * @returns modules that took their own updates as components, but whose importers have to know of this one
 */
export function refreshComponents(replacements: readonly Replacement[], refresh: RefreshLibrary['refresh']): string[] {
  const stateful = withOtherHooks(replacements)
  for (const { previous, next } of replacements) refreshEach(previous, next, stateful.has(next.id), refresh)
  return replacements.filter(needsImporters).map(({ next }) => next.id)
}

/** What a module tells of its components. */
export type Told = Pick<Replacement['next'], 'components' | 'signatures'>

export function refreshEach(previous: Told, next: Told, resetState: boolean, refresh: RefreshLibrary['refresh']): void {
  for (const [name, component] of Object.entries(next.components)) {
    const before = previous.components[name]
    if (isHook(name) || typeof before !== 'function' || typeof component !== 'function') continue
    refresh(before, component, resetState || previous.signatures[name] !== next.signatures[name])
  }
}

/** Whether a hook of the module is another one. */
export function hasOtherHooks(previous: Told, next: Told): boolean {
  return Object.keys(next.signatures).some((name) => {
    const before = previous.signatures[name]
    return isHook(name) && before !== undefined && before !== next.signatures[name]
  })
}

/** Modules whose hooks changed, and those above them: the state of their components may not fit any more. */
function withOtherHooks(replacements: readonly Replacement[]): Set<string> {
  const found = new Set<string>()
  for (const { previous, next } of replacements) {
    if (hasOtherHooks(previous, next) || next.definition.deps.some((dep) => found.has(dep))) found.add(next.id)
  }
  return found
}

/** A module of components that has become another kind of module, or whose exports came or went. */
function needsImporters({ previous, next }: Replacement): boolean {
  if (!previous.takesOwnUpdates || next.hot?.acceptsItself) return false
  return !next.takesOwnUpdates || exportsOf(previous) !== exportsOf(next)
}

const exportsOf = ({ namespace }: Replacement['next']): string => Object.keys(namespace).sort().join()

const isHook = (name: string): boolean => /^use[A-Z]/.test(name)
