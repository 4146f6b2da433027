/**
 * Linking, the first of a module's two phases: every module that an import reaches publishes its getters
 * and hoisted functions before any body runs.
 */
import type { Instance } from './instance.js'

export type Namespace = Record<string, unknown>

/** `export * from` */
export interface Star {
  namespace: object
  /** The instance behind it, which may be being linked itself; none for what is no module of the registry. */
  owner: Instance | undefined
}

const TAG = { value: 'Module' }

/** Like a module namespace object: no prototype, so no inherited name is ever an export. */
export function newNamespace(): Namespace {
  return Object.defineProperty(Object.create(null), Symbol.toStringTag, TAG)
}

/** Copies accessors, not values: exports are live bindings. */
export function addExports(namespace: Namespace, getters: object): void {
  for (const name of Object.keys(getters)) Object.defineProperty(namespace, name, Object.getOwnPropertyDescriptor(getters, name)!)
}

/**
 * Links a module and everything below it that isn't linked yet. Where an asynchronous generator is among
 * them it gives a promise: such a generator needs a moment to arrive at its `yield`, and only from there
 * does its body start at once, as ESM's order wants.
 */
export function link(root: Instance): Promise<unknown> | undefined {
  const linked: Instance[] = []
  const pending = [root]
  for (let instance = pending.pop(); instance; instance = pending.pop()) {
    if (instance.body || instance.failure) continue
    try {
      publish(instance)
    } catch (error) {
      failToLink(instance, error)
    }
    linked.push(instance)
    pending.push(...instance.required())
  }
  // Only now every module in reach has published its own names.
  for (const instance of linked) if (instance.stars.length) addStars(instance)
  const published: Promise<unknown>[] = []
  for (const instance of linked) if (instance.published) published.push(instance.published)
  return published.length > 0 ? Promise.all(published) : undefined
}

function publish(instance: Instance): void {
  instance.body = instance.start()
  instance.isAsync = Symbol.asyncIterator in instance.body
  const published = instance.body.next()
  if (published instanceof Promise) {
    instance.published = published
      .catch((error) => failToLink(instance, error))
      .then(() => (instance.published = undefined))
  }
}

/** Found again by the evaluation, like an error of the body. */
function failToLink(instance: Instance, error: unknown): void {
  instance.failure = { error }
  if (instance.status === 'linked') instance.status = 'evaluated' // else its evaluation is waiting, and ends it
}

/** Own names win, `default` never travels, and a name that two stars give differently is nobody's. */
function addStars(instance: Instance): void {
  const found = new Map<string, object>()
  const ambiguous = new Set<string>()
  for (const [name, owner] of starNames(instance, new Set([instance]))) {
    if (Object.hasOwn(instance.namespace, name)) continue
    const other = found.get(name)
    if (other && other !== owner) ambiguous.add(name)
    found.set(name, owner)
  }
  for (const [name, owner] of found) {
    if (ambiguous.has(name)) continue
    Object.defineProperty(instance.namespace, name, {
      enumerable: true,
      configurable: true,
      get: () => (owner as Namespace)[name],
    })
  }
}

/** Every name that the stars of a module give, with the namespace that really declares it. */
function* starNames(instance: Instance, seen: Set<Instance>): Generator<[string, object]> {
  for (const { namespace, owner } of instance.stars) {
    if (owner && seen.has(owner)) continue
    if (owner) seen.add(owner)
    for (const name of Object.keys(namespace)) if (name !== 'default') yield [name, namespace]
    if (owner) yield* starNames(owner, seen)
  }
}
