/** The live modules: their instances, and who imports whom. An instance's imports are those that it was linked with. */
import type { Instance } from './registry.js'

/** How a module holds another; several of them together. */
const STATIC = 1
const DYNAMIC = 2
const WEAK = 4

export class LiveModules {
  readonly #instances = new Map<string, Instance>()
  /** By imported id: who imports it, and how. */
  readonly #holders = new Map<string, Map<string, number>>()

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
    const { id, definition } = instance
    this.#instances.set(id, instance)
    for (const dep of definition.deps) this.#hold(dep, id, definition.weak.has(dep) ? WEAK : STATIC)
    for (const dep of definition.dynamic) this.#hold(dep, id, DYNAMIC)
  }

  delete(id: string): boolean {
    const instance = this.#instances.get(id)
    if (!instance) return false
    const { deps, dynamic } = instance.definition
    for (const dep of [...deps, ...dynamic]) {
      const holders = this.#holders.get(dep)
      if (holders?.delete(id) && holders.size === 0) this.#holders.delete(dep)
    }
    return this.#instances.delete(id)
  }

  /** Who would have to be evaluated again with the module. */
  *importers(id: string, dynamicToo: boolean): Iterable<string> {
    const counted = dynamicToo ? STATIC | DYNAMIC : STATIC
    for (const [importer, how] of this.#holders.get(id) ?? []) if (how & counted) yield importer
  }

  isHeld(id: string): boolean {
    for (const importer of this.#holders.get(id)?.keys() ?? []) if (importer !== id) return true
    return false
  }

  #hold(dep: string, importer: string, how: number): void {
    const holders = this.#holders.get(dep)
    if (holders) holders.set(importer, (holders.get(importer) ?? 0) | how)
    else this.#holders.set(dep, new Map([[importer, how]]))
  }
}
