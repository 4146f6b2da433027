/** The live modules: their instances, and who imports whom. An instance's imports are those that it was linked with. */
import type { Instance } from './instance.js'

/** How a module holds another; several of them together. */
const STATIC = 1
const DYNAMIC = 2
const WEAK = 4

export class LiveModules {
  readonly #instances = new Map<string, Instance>()
  /** By imported id: who imports it, and how. Made when an update asks for the first time: a start doesn't. */
  #holders: Map<string, Map<string, number>> | undefined

  get(id: string): Instance | undefined {
    return this.#instances.get(id)
  }

  has(id: string): boolean {
    return this.#instances.has(id)
  }

  all(): Iterable<Instance> {
    return this.#instances.values()
  }

  add(instance: Instance): void {
    this.#instances.set(instance.id, instance)
    if (this.#holders) holdAll(this.#holders, instance)
  }

  delete(id: string): boolean {
    const instance = this.#instances.get(id)
    if (!instance) return false
    const { deps, dynamic } = instance.definition
    for (const dep of [...deps, ...dynamic]) {
      const holders = this.#holders?.get(dep)
      if (holders?.delete(id) && holders.size === 0) this.#holders?.delete(dep)
    }
    return this.#instances.delete(id)
  }

  /** Who would have to be evaluated again with the module. */
  *importers(id: string, dynamicToo: boolean): Iterable<string> {
    const counted = dynamicToo ? STATIC | DYNAMIC : STATIC
    for (const [importer, how] of this.#holdersOf(id) ?? []) if (how & counted) yield importer
  }

  isHeld(id: string): boolean {
    for (const importer of this.#holdersOf(id)?.keys() ?? []) if (importer !== id) return true
    return false
  }

  #holdersOf(id: string): Map<string, number> | undefined {
    if (!this.#holders) {
      this.#holders = new Map()
      for (const instance of this.#instances.values()) holdAll(this.#holders, instance)
    }
    return this.#holders.get(id)
  }
}

function holdAll(holders: Map<string, Map<string, number>>, { id, definition }: Instance): void {
  for (const dep of definition.deps) hold(holders, dep, id, definition.weak.has(dep) ? WEAK : STATIC)
  for (const dep of definition.dynamic) hold(holders, dep, id, DYNAMIC)
}

function hold(all: Map<string, Map<string, number>>, dep: string, importer: string, how: number): void {
  const holders = all.get(dep)
  if (holders) holders.set(importer, (holders.get(importer) ?? 0) | how)
  else all.set(dep, new Map([[importer, how]]))
}
