/**
 * Hot updates of the registry: forgets what changed up to what accepts it, evaluates that again, and tells it.
 * One update at a time; a later one waits, unless it repairs a module that the earlier one is waiting for.
 */
import type { HotEvents } from './hot.js'
import type { Namespace } from './link.js'
import type { LiveModules } from './live.js'
import { type ImportGraph, propagate, type Spread } from './propagate.js'
import type { Instance } from './registry.js'

export interface UpdateOptions {
  /** What nothing accepts is evaluated again too, instead of given as `unaccepted`. */
  evaluateRoots?: boolean
}

export interface Update {
  /** Modules with a new instance, dependencies first. */
  evaluated: string[]
  /** Nothing was touched: this module's change reached the end of this chain of importers. */
  unaccepted?: { id: string; chain: string[] }
}

/** A module that was evaluated again. */
export interface Replacement {
  previous: Instance
  next: Instance
}

export interface UpdateHost {
  live: LiveModules
  events: HotEvents
  import(id: string): Promise<Namespace>
  isDefined(id: string): boolean
  /** Puts an instance there that stands for an import that failed before there was one. */
  addFailed(id: string, error: unknown): void
  /** Imported by the host, not by modules. */
  isEntry(id: string): boolean
  /** Imported dynamically at least once. */
  isEntered(id: string): boolean
  /** Gives the modules that can't take over after all. */
  replaced?: ((replacements: Replacement[]) => Iterable<string>) | undefined
  /** A module refused while no update is under way: one is wanted. */
  refused?: ((id: string) => void) | undefined
}

export interface Updates {
  update(changed: Iterable<string>, options?: UpdateOptions): Promise<Update>
  /** To be called for every instance that is made. */
  created(instance: Instance): void
  /** To be called for modules that the app no longer has. */
  dropped(ids: Iterable<string>): void
  /** For `import.meta.hot.invalidate()`: the module's newest instance can't take over from the one before it. */
  refuse(id: string, message: string | undefined): void
}

type Outcome = { module: Namespace } | { error: unknown }

/** A callback of `accept`, with the module that it is about. */
interface Call {
  about: string
  run(outcomes: Map<string, Outcome>): void
}

/** An update that is under way. */
interface Running {
  done: Promise<unknown>
  abandon: () => void
}

export function createUpdates(host: UpdateHost): Updates {
  const { live, events } = host
  /** Of modules that were forgotten and have no good instance since: it is still what the page runs. */
  const lastGood = new Map<string, Instance>()
  /** Modules that may have lost their last importer. */
  const maybeUnused = new Set<string>()
  /** Instances that take over from another, until they refuse to: that counts once. */
  const mayRefuse = new WeakSet<Instance>()
  const refused = new Set<string>()
  let running: Running | undefined
  /** The instances that the round under way has made. */
  let made: Instance[] | undefined

  const good = (id: string): Instance | undefined => {
    const instance = live.get(id)
    return instance && isGood(instance) ? instance : (lastGood.get(id) ?? instance)
  }

  function graphFor(evaluateRoots: boolean): ImportGraph {
    return {
      // A page's dynamic importers hold what they imported; a server's ask again for each request.
      importers: (id) => live.importers(id, !evaluateRoots),
      acceptsItself: (id) => acceptsItself(live.get(id)) || acceptsItself(good(id)),
      accepts: (importer, dep) => good(importer)?.hot?.deps.some(({ ids }) => ids.includes(dep)) ?? false,
      isEntry: (id) => host.isEntry(id) || (evaluateRoots && host.isEntered(id)),
    }
  }

  async function update(changed: Iterable<string>, { evaluateRoots = false }: UpdateOptions = {}): Promise<Update> {
    const ids = new Set(changed)
    while (running) {
      if (waitsForOneOf(ids)) running.abandon()
      await running.done
    }
    const abandoning = new AbortController()
    const run = rounds(ids, evaluateRoots, abandoning.signal)
    const done = run.then(noop, noop).then(() => (running = undefined))
    running = { done, abandon: () => abandoning.abort() }
    return run
  }

  /** Whether one of these, or an importer of one, has begun and not ended: its update may never end by itself. */
  function waitsForOneOf(ids: ReadonlySet<string>): boolean {
    const reached = new Set(ids)
    for (const id of reached) {
      const instance = live.get(id)
      if (!instance) continue
      if (instance.status !== 'evaluated') return true
      for (const importer of live.importers(id, false)) reached.add(importer)
    }
    return false
  }

  async function rounds(changed: Set<string>, evaluateRoots: boolean, abandoned: AbortSignal): Promise<Update> {
    const graph = graphFor(evaluateRoots)
    const evaluated = new Set<string>()
    const errors: unknown[] = []
    let passed = takeRefused()
    const retried = failedAgain(graph, evaluateRoots)
    let spread = propagate([...[...changed].filter((id) => live.has(id)), ...retried], graph, passed)
    for (;;) {
      const top = spread.roots[0]
      if (top && !evaluateRoots) return { evaluated: [...evaluated], unaccepted: { id: top.chain[0]!, chain: top.chain } }
      if (spread.stale.size === 0 && spread.acceptedBy.size === 0) break
      await round(spread, evaluated, errors, abandoned)
      passed = takeRefused()
      if (passed.size === 0) break
      spread = propagate([], graph, passed)
    }
    if (errors.length > 0) {
      for (const error of errors.slice(1)) console.error(error)
      throw errors[0]
    }
    prune()
    return { evaluated: [...evaluated] }
  }

  function takeRefused(): Set<string> {
    const ids = new Set([...refused].filter((id) => live.has(id)))
    refused.clear()
    return ids
  }

  /** What failed is tried again with every update; in a page only what an update broke, and what can be told of its repair. */
  function failedAgain(graph: ImportGraph, evaluateRoots: boolean): string[] {
    const failed = [...live.all()].filter((instance) => instance.failure).map(({ id }) => id)
    if (evaluateRoots) return failed
    return failed.filter((id) => {
      const { roots, stale } = propagate([id], graph)
      return roots.length === 0 && [...stale].some((broken) => lastGood.has(broken))
    })
  }

  async function round(spread: Spread, evaluated: Set<string>, errors: unknown[], abandoned: AbortSignal): Promise<void> {
    const calls = callsAfter(spread)
    events.emit('vite:beforeUpdate', payloadOf(spread))
    await forget(spread.stale)
    const outcomes = new Map<string, Outcome>()
    const mine: Instance[] = (made = [])
    await Promise.race([Promise.all([...wanted(spread)].filter(host.isDefined).map((id) => importAgain(id, outcomes, abandoned))), aborted(abandoned)])
    made = undefined
    const order = inOrder(mine.filter((instance) => live.get(instance.id) === instance))
    for (const { id } of order) evaluated.add(id)
    for (const outcome of outcomes.values()) if ('error' in outcome && !errors.includes(outcome.error)) errors.push(outcome.error)
    replace(order)
    const place = new Map(order.map(({ id }, index) => [id, index]))
    calls.sort((a, b) => (place.get(a.about) ?? -1) - (place.get(b.about) ?? -1))
    for (const call of calls) {
      try {
        if (outcomes.has(call.about)) call.run(outcomes)
      } catch (error) {
        errors.push(error)
      }
    }
    events.emit('vite:afterUpdate', payloadOf(spread))
  }

  /** What `accept` registered, taken before the instances that it belongs to are forgotten. */
  function callsAfter(spread: Spread): Call[] {
    const calls: Call[] = []
    for (const id of spread.accepting) {
      for (const callback of good(id)?.hot?.ownCallbacks ?? []) calls.push({ about: id, run: (outcomes) => callback(moduleOf(outcomes.get(id))) })
    }
    for (const [importer, changed] of spread.acceptedBy) {
      for (const { ids, callback } of good(importer)?.hot?.deps ?? []) {
        const about = ids.findLast((id) => changed.has(id))
        if (about !== undefined) calls.push({ about, run: (outcomes) => callback(ids.map((id) => (changed.has(id) ? moduleOf(outcomes.get(id)) : undefined))) })
      }
    }
    return calls
  }

  /** Importers first, so that what a module cleans up with is still there. */
  async function forget(stale: ReadonlySet<string>): Promise<void> {
    const instances = inOrder([...stale].flatMap((id) => live.get(id) ?? [])).reverse()
    const pending = instances.flatMap((instance) => dispose(instance))
    if (pending.length > 0) await Promise.all(pending)
    for (const instance of instances) {
      if (isGood(instance)) lastGood.set(instance.id, instance)
      drop(instance)
    }
  }

  function drop(instance: Instance): void {
    live.delete(instance.id)
    if (instance.hot) events.forget(instance.hot)
    maybeUnused.add(instance.id)
    for (const dep of [...instance.definition.deps, ...instance.definition.dynamic]) maybeUnused.add(dep)
  }

  async function importAgain(id: string, outcomes: Map<string, Outcome>, abandoned: AbortSignal): Promise<void> {
    try {
      outcomes.set(id, { module: await host.import(id) })
    } catch (error) {
      if (abandoned.aborted) return
      if (!live.has(id)) host.addFailed(id, error)
      outcomes.set(id, { error })
    }
  }

  function replace(order: Instance[]): void {
    const replacements: Replacement[] = []
    for (const next of order) {
      const previous = lastGood.get(next.id)
      if (!previous || !isGood(next)) continue
      lastGood.delete(next.id)
      replacements.push({ previous, next })
    }
    if (replacements.length === 0) return
    for (const id of host.replaced?.(replacements) ?? []) refused.add(id)
  }

  /** Vite's rule: what no live module imports any more cleans up, and would be evaluated anew. */
  function prune(): void {
    const unused: Instance[] = []
    for (const id of maybeUnused) {
      maybeUnused.delete(id) // so that it may be added again
      if (live.isHeld(id) || host.isEntry(id)) continue
      const instance = live.get(id)
      const last = good(id)
      lastGood.delete(id)
      if (last?.hot?.pruners.length) unused.push(last)
      if (!instance) continue
      for (const pending of dispose(instance)) pending.catch(noop)
      drop(instance) // its imports are looked at later in this loop
    }
    if (unused.length > 0) events.emit('vite:beforePrune', { type: 'prune', paths: unused.map(({ id }) => id) })
    for (const { id, hot } of unused) for (const callback of hot!.pruners) guarded(id, 'prune', () => callback(hot!.context.data))
  }

  return {
    update,
    created(instance) {
      made?.push(instance)
      if (lastGood.has(instance.id)) mayRefuse.add(instance)
    },
    dropped(ids) {
      for (const id of ids) maybeUnused.add(id)
    },
    refuse(id, message) {
      const instance = live.get(id) // called by the one before, too, in its accept callback
      if (!instance || instance.failure || !mayRefuse.delete(instance)) return
      refused.add(id)
      events.emit('vite:invalidate', { path: id, message })
      if (!running) host.refused?.(id)
    },
  }
}

function noop(): void {}

/** What a round imports. */
function wanted({ accepting, acceptedBy, roots }: Spread): Set<string> {
  const ids = new Set(accepting)
  for (const deps of acceptedBy.values()) for (const dep of deps) ids.add(dep)
  for (const { id } of roots) ids.add(id)
  return ids
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function isGood(instance: Instance): boolean {
  return instance.status === 'evaluated' && !instance.failure
}

function acceptsItself(instance: Instance | undefined): boolean {
  if (!instance) return false
  const { hot, takesOwnUpdates, namespace } = instance
  if (takesOwnUpdates || hot?.acceptsItself) return true
  const accepted = hot?.acceptedExports
  return accepted !== undefined && Object.keys(namespace).every((name) => accepted.has(name))
}

/** What the callbacks return, where it is a promise. */
function dispose({ id, hot }: Instance): Promise<unknown>[] {
  return (hot?.disposers ?? []).flatMap((callback) => {
    const pending = guarded(id, 'dispose', () => callback(hot!.context.data) as unknown)
    return pending instanceof Promise ? [pending.catch((error) => complain(id, 'dispose', error))] : []
  })
}

function guarded<T>(id: string, name: string, call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    complain(id, name, error)
    return undefined
  }
}

function complain(id: string, name: string, error: unknown): void {
  console.error(`[eclipsa] import.meta.hot.${name}() of ${id} failed:`, error)
}

const moduleOf = (outcome: Outcome | undefined): Namespace | undefined => (outcome && 'module' in outcome ? outcome.module : undefined)

/** Dependencies before their importers, as far as both are among these. */
function inOrder(instances: Instance[]): Instance[] {
  const among = new Map(instances.map((instance) => [instance.id, instance]))
  const order = new Set<Instance>()
  const seen = new Set<Instance>()
  const visit = (instance: Instance): void => {
    if (seen.has(instance)) return
    seen.add(instance)
    for (const dep of instance.definition.deps) {
      const found = among.get(dep)
      if (found) visit(found)
    }
    order.add(instance)
  }
  for (const instance of instances) visit(instance)
  return [...order]
}

/** As Vite's clients get it. */
function payloadOf({ accepting, acceptedBy }: Spread): object {
  const one = (path: string, acceptedPath: string) => ({ type: 'js-update', path, acceptedPath, timestamp: Date.now() })
  return {
    type: 'update',
    updates: [...[...accepting].map((id) => one(id, id)), ...[...acceptedBy].flatMap(([importer, deps]) => [...deps].map((dep) => one(importer, dep)))],
  }
}
