/**
 * The module registry: evaluates and replaces single modules, in the browser (one pack holds a page's
 * modules) and in the development worker. It does what an engine does for ES modules, but each module
 * can be forgotten and evaluated again alone.
 *
 * A module arrives as a generator function `function*($, dep1, dep2, …)`. Its first step publishes its
 * exports as getters with function declarations hoisted, its second runs the body: linking and
 * evaluation are two phases, so that cycles behave as in ESM (see `link.ts` and `evaluate.ts`).
 */
import { evaluate } from './evaluate.js'
import { HotEvents, newHotState } from './hot.js'
import { Instance, type InstanceHost } from './instance.js'
import { link, type Namespace } from './link.js'
import { LiveModules } from './live.js'
import { createUpdates, type Replacement, type Update, type UpdateOptions } from './update.js'

export type { HotContext } from './hot.js'
export type { Instance } from './instance.js'
export type { Namespace } from './link.js'
export type { Replacement, Update, UpdateOptions } from './update.js'

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
  /** `import.meta`, with `hot` (hot.ts). The module's code sets `specifiers` where it uses `hot`. */
  meta: Meta
  /**
   * Tells which exports and locals are components, or hooks of its own, each with a signature of the hooks that it
   * calls; a hot update replaces components under their state, and resets the state where the signature changed.
   * With `takesOwnUpdates` the module accepts its own updates, as with `import.meta.hot.accept()`.
   */
  components(components: Record<string, unknown>, signatures: Record<string, string>, takesOwnUpdates?: boolean): void
}

export interface Meta {
  /** Ids of modules by the specifiers that the source has for them. */
  specifiers?: Record<string, string>
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
  /** Builds the module's `import.meta` but for `hot`, at most once per evaluation. */
  meta: (id: string) => object
  /** Called in each update with the modules that were evaluated again; gives those that can't take over after all. */
  replaced?: (replacements: Replacement[]) => Iterable<string>
  /** `import.meta.hot.invalidate()` was called outside updates: the host should call `update([])`. */
  refused?: (id: string) => void
}

export interface Registry {
  /**
   * @param factory `undefined` for a module that only imports
   * @param weak those of `deps` whose new instances are no reason to evaluate this module again
   */
  define(id: string, deps: string[], dynamic: string[], factory: Factory | undefined, weak?: readonly string[]): void
  /** The one that runs, if the module is live; else the newest. */
  definitionOf(id: string): Readonly<Definition> | undefined
  import(id: string): Promise<Namespace>
  /** Whether the module has an instance: it was linked, and maybe evaluated. */
  isLive(id: string): boolean
  /** Of the present instance; another one after each evaluation. */
  namespaceOf(id: string): Namespace | undefined
  /** Forgets definitions; instances go with the next update, when nothing imports them any more. */
  remove(ids: Iterable<string>): void
  /**
   * Brings live modules up to date after `define` and `remove`: evaluates the changed ones again and what imports
   * them, up to the modules that accept it. What is not live is not touched.
   * @throws the first error of an evaluation or of an accept callback; the rest is up to date then
   */
  update(changed: Iterable<string>, options?: UpdateOptions): Promise<Update>
  /** Calls the listeners of `import.meta.hot.on`. */
  emit(event: string, payload: unknown): void
  /** Forgets the instances of these modules and of everything that imports them; returns their ids. */
  invalidate(ids: Iterable<string>): string[]
  /** Modules whose evaluation failed: importing them gives the same error until they are invalidated. */
  failed(): string[]
  /** The components that a live module has told of; empty for others. */
  componentsOf(id: string): Record<string, unknown>
}

export interface Definition {
  deps: string[]
  dynamic: string[]
  weak: ReadonlySet<string>
  factory: Factory | undefined
}

const NONE: ReadonlySet<string> = new Set()

export function createRegistry(options: RegistryOptions): Registry {
  const definitions = new Map<string, Definition>()
  const live = new LiveModules()
  const events = new HotEvents()
  /** `import.meta.hot.data` by id. */
  const hotData = new Map<string, Record<string, unknown>>()
  /** Imported by the host, and imported dynamically by modules. */
  const entries = new Set<string>()
  const entered = new Set<string>()
  const updates = createUpdates({
    live,
    events,
    import: importModule,
    isDefined: (id) => definitions.has(id),
    addFailed(id, error) {
      const instance = newInstance(id, definitions.get(id) ?? { deps: [], dynamic: [], weak: NONE, factory: throwing(error) })
      instance.failure = { error }
      instance.status = 'evaluated'
    },
    isEntry: (id) => entries.has(id),
    isEntered: (id) => entered.has(id),
    replaced: options.replaced,
    refused: options.refused,
  })

  const host: InstanceHost = { external, instanceOf, importFrom, metaOf }

  function instanceOf(id: string): Instance {
    const existing = live.get(id)
    if (existing) return existing
    const definition = definitions.get(id)
    if (!definition) throw missing(id)
    return newInstance(id, definition)
  }

  function newInstance(id: string, definition: Definition): Instance {
    const instance = new Instance(host, id, definition)
    live.add(instance)
    updates.created(instance)
    return instance
  }

  async function importFrom({ id, definition }: Instance, index: number): Promise<Namespace> {
    await null // never inside a running evaluation: a body that imports itself would find half a cycle
    const wanted = definition.dynamic[index]
    if (wanted === undefined) throw new Error(`[eclipsa] module "${id}" has no dynamic import ${index}`)
    entered.add(wanted)
    return importModule(wanted)
  }

  function metaOf(instance: Instance): Meta {
    const { id } = instance
    const meta = options.meta(id) as Meta
    return Object.defineProperty(meta, 'hot', {
      enumerable: true,
      get: () => (instance.hot ??= newHotState({ data: dataOf(id), events, resolve, invalidate: (message) => updates.refuse(id, message) })).context,
    })
    function resolve(specifier: string): string {
      const known = meta.specifiers
      if (known && Object.hasOwn(known, specifier)) return known[specifier]!
      throw new Error(`[eclipsa] import.meta.hot.accept("${specifier}"): "${id}" imports nothing by this name; write it as the import does`)
    }
  }

  function dataOf(id: string): Record<string, unknown> {
    let data = hotData.get(id)
    if (!data) hotData.set(id, (data = {}))
    return data
  }

  function external(id: string): object | undefined {
    return Object.hasOwn(options.external, id) ? options.external[id] : undefined
  }

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
    /** Each module with the one that led to it. */
    const cameFrom = new Map<string, string | undefined>([[root, undefined]])
    for (const [id, importer] of cameFrom) {
      // Below a live instance everything was found when it was linked.
      if (external(id) || live.has(id)) continue
      const definition = definitions.get(id)
      if (!definition) return { id, importer }
      for (const dep of definition.deps) if (!cameFrom.has(dep)) cameFrom.set(dep, id)
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

  /** These and everything that imports them statically; dynamic importers ask again anyway. */
  function withImporters(ids: Iterable<string>): Set<string> {
    const reached = new Set(ids)
    for (const id of reached) for (const importer of live.importers(id, false)) reached.add(importer)
    return reached
  }

  return {
    define(id, deps, dynamic, factory, weak) {
      definitions.set(id, { deps, dynamic, factory, weak: weak?.length ? new Set(weak) : NONE })
    },
    definitionOf: (id) => live.get(id)?.definition ?? definitions.get(id),
    import(id) {
      entries.add(id)
      return importModule(id)
    },
    isLive: (id) => live.has(id),
    namespaceOf: (id) => live.get(id)?.namespace,
    remove(ids) {
      const removed = [...ids]
      for (const id of removed) definitions.delete(id)
      updates.dropped(removed)
    },
    update: (changed, how) => updates.update(changed, how),
    emit: (event, payload) => events.emit(event, payload),
    invalidate: (ids) => [...withImporters(ids)].filter((id) => live.delete(id)),
    failed: () => [...live.all()].filter((instance) => instance.failure).map((instance) => instance.id),
    componentsOf: (id) => live.get(id)?.components ?? {},
  }
}

const throwing = (error: unknown): Factory =>
  function* () {
    throw error
  }

function missing(id: string, importer?: string): Error {
  const from = importer === undefined ? '' : `, imported by "${importer}"`
  return new Error(`[eclipsa] module "${id}"${from} was never sent: reload the page, or restart "eclipsa dev" if that doesn't help`)
}
