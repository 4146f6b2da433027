/**
 * The module registry: evaluates and replaces single modules, in the browser (one pack holds a page's
 * modules) and in the development worker. It does what an engine does for ES modules, but each module
 * can be forgotten and evaluated again alone.
 *
 * A module arrives as a generator function `function*($, dep1, dep2, …)`. Its first step publishes its
 * exports as getters with function declarations hoisted, its second runs the body: linking and
 * evaluation are two phases, so that cycles behave as in ESM (see `link.ts` and `evaluate.ts`).
 */
import { evaluate, type Evaluation, newEvaluation } from './evaluate.js'
import { addExports, link, newNamespace, type Namespace } from './link.js'

export type { Namespace } from './link.js'

/** What a module's code gets as `$`. */
export interface ModuleScope {
  /** Getters, and setters where another part of the same file assigns the binding. */
  exports(getters: object): void
  /** `export * from` */
  star(namespace: object): void
  /** The n-th entry of the module's `dynamic` list. */
  import(index: number): Promise<Namespace>
  /** `import(value)` of what is no literal: the host's own import, which knows URLs and not the app's modules. */
  importExpression(specifier: unknown): Promise<Namespace>
  /** `import.meta` */
  meta: object
  /**
   * Tells which exports and locals are components, each with a signature of its hooks; a hot update replaces
   * components under their state, and resets the state where the signature changed.
   */
  components(components: Record<string, unknown>, signatures: Record<string, string>): void
}

export type Factory = (
  scope: ModuleScope,
  ...deps: object[]
) => Iterator<unknown> | AsyncIterator<unknown>

export interface RegistryOptions {
  /** Namespaces that exist already: npm packages and builtins. */
  external: Record<string, object>
  /** Packages that are only loaded when a module imports them dynamically. */
  lazy?: Record<string, () => Promise<object>>
  /** Asked for a module that is imported but not defined; must have defined it when it resolves. */
  fetchMissing?: (id: string) => Promise<void>
  /** Builds the module's `import.meta`, once per evaluation. */
  meta: (id: string) => object
}

export interface Registry {
  define(id: string, deps: string[], dynamic: string[], factory: Factory): void
  import(id: string): Promise<Namespace>
  /** Whether the module has an instance: it was linked, and maybe evaluated. */
  isLive(id: string): boolean
  /** Forgets definitions and instances. */
  remove(ids: Iterable<string>): void
  /** Forgets the instances of these modules and of everything that imports them; returns their ids. */
  invalidate(ids: Iterable<string>): string[]
  /** Modules whose evaluation failed: importing them gives the same error until they are invalidated. */
  failed(): string[]
  /** The components that a live module has told of; empty for others. */
  componentsOf(id: string): Record<string, unknown>
}

interface Definition {
  deps: string[]
  dynamic: string[]
  factory: Factory
}

/** One evaluation of a module. Forgetting it leaves what holds its namespace untouched. */
export interface Instance extends Evaluation {
  id: string
  namespace: Namespace
  /** Namespaces of `export * from`, until linking has resolved them. */
  stars: object[]
  components: Record<string, unknown>
  required: () => Instance[]
}

export function createRegistry(options: RegistryOptions): Registry {
  const definitions = new Map<string, Definition>()
  const instances = new Map<string, Instance>()
  /** Static importers by id. Kept over definitions that come later, so that order doesn't matter. */
  const importers = new Map<string, Set<string>>()

  function instanceOf(id: string): Instance {
    const existing = instances.get(id)
    if (existing) return existing
    const definition = definitions.get(id)
    if (!definition) throw missing(id)
    const instance: Instance = {
      id,
      namespace: newNamespace(),
      stars: [],
      components: {},
      ...newEvaluation(),
      start: () =>
        definition.factory(
          scopeOf(instance, definition),
          ...definition.deps.map((dep) => external(dep) ?? instanceOf(dep).namespace),
        ),
      required: () => definition.deps.filter((dep) => !external(dep)).map(instanceOf),
    }
    instances.set(id, instance)
    return instance
  }

  function scopeOf(instance: Instance, definition: Definition): ModuleScope {
    return {
      exports: (getters) => addExports(instance.namespace, getters),
      star: (namespace) => instance.stars.push(namespace),
      import: async (index) => {
        await null // never inside a running evaluation: a body that imports itself would find half a cycle
        const id = definition.dynamic[index]
        if (id === undefined) throw new Error(`[eclipsa] module "${instance.id}" has no dynamic import ${index}`)
        return importModule(id)
      },
      importExpression: (specifier) => import(String(specifier)) as Promise<Namespace>,
      meta: options.meta(instance.id),
      components: (components) => Object.assign(instance.components, components),
    }
  }

  const external = (id: string): object | undefined =>
    Object.hasOwn(options.external, id) ? options.external[id] : undefined

  /** Defines what is missing below a module, one fetch after the other: each may bring the rest. */
  async function fetchClosure(id: string): Promise<void> {
    for (;;) {
      const wanted = firstMissing(id)
      if (wanted === undefined) return
      if (!options.fetchMissing) throw missing(wanted.id, wanted.importer)
      await options.fetchMissing(wanted.id)
      if (!definitions.has(wanted.id)) throw missing(wanted.id, wanted.importer)
    }
  }

  function firstMissing(root: string): { id: string; importer: string | undefined } | undefined {
    const seen = new Set<string>()
    const pending: { id: string; importer: string | undefined }[] = [{ id: root, importer: undefined }]
    for (let next = pending.pop(); next; next = pending.pop()) {
      // Below a live instance everything was found when it was linked.
      if (seen.has(next.id) || external(next.id) || instances.has(next.id)) continue
      seen.add(next.id)
      const definition = definitions.get(next.id)
      if (!definition) return next
      for (const dep of definition.deps) pending.push({ id: dep, importer: next.id })
    }
    return undefined
  }

  async function importModule(id: string): Promise<Namespace> {
    const known = external(id)
    if (known) return known as Namespace
    const lazy = options.lazy
    if (lazy && Object.hasOwn(lazy, id)) return (await lazy[id]!()) as Namespace
    if (firstMissing(id)) await fetchClosure(id)
    const instance = instanceOf(id)
    const linking = link(instance)
    if (linking) await linking
    await evaluate(instance)
    return instance.namespace
  }

  function forgetImports(id: string): void {
    for (const dep of definitions.get(id)?.deps ?? []) importers.get(dep)?.delete(id)
  }

  /** These and everything that imports them statically; dynamic importers ask again anyway. */
  function withImporters(ids: Iterable<string>): Set<string> {
    const reached = new Set(ids)
    for (const id of reached) for (const importer of importers.get(id) ?? []) reached.add(importer)
    return reached
  }

  return {
    define(id, deps, dynamic, factory) {
      forgetImports(id)
      definitions.set(id, { deps, dynamic, factory })
      for (const dep of deps) {
        const known = importers.get(dep)
        if (known) known.add(id)
        else importers.set(dep, new Set([id]))
      }
    },
    import: importModule,
    isLive: (id) => instances.has(id),
    remove(ids) {
      for (const id of ids) {
        forgetImports(id)
        definitions.delete(id)
        instances.delete(id)
      }
    },
    invalidate: (ids) => [...withImporters(ids)].filter((id) => instances.delete(id)),
    failed: () => [...instances.values()].filter((instance) => instance.failure).map((instance) => instance.id),
    componentsOf: (id) => instances.get(id)?.components ?? {},
  }
}

function missing(id: string, importer?: string): Error {
  const from = importer === undefined ? '' : `, imported by "${importer}"`
  return new Error(`[eclipsa] module "${id}"${from} was never sent: reload the page, or restart "eclipsa dev" if that doesn't help`)
}
