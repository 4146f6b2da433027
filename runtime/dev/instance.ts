/** Instances of modules. There are thousands in an app: each is one object, and what few of them need is made when they do. */
import type { Evaluation } from './evaluate.js'
import type { HotState } from './hot.js'
import { addExports, type Namespace, newNamespace, type Star } from './link.js'
import type { Definition, Meta, ModuleScope } from './registry.js'

/** What the registry does for its modules. */
export interface InstanceHost {
  external(id: string): object | undefined
  instanceOf(id: string): Instance
  /** As `import()` in the module. */
  importFrom(instance: Instance, index: number): Promise<Namespace>
  metaOf(instance: Instance): Meta
}

/** One evaluation of a module. Forgetting it leaves what holds its namespace untouched. */
export class Instance implements Evaluation {
  readonly namespace: Namespace = newNamespace()
  /** Namespaces of `export * from`. */
  stars: Star[] = NO_STARS
  components: Record<string, unknown> = NOTHING
  signatures: Record<string, string> = NOTHING
  takesOwnUpdates = false
  /** Made when the module asks for `import.meta.hot`. */
  hot?: HotState
  body?: Iterator<unknown> | AsyncIterator<unknown>
  published?: Promise<unknown> | undefined
  isAsync = false
  status: Evaluation['status'] = 'linked'
  failure?: { error: unknown }
  index = 0
  ancestor = 0
  cycleRoot?: Evaluation
  asyncOrder = 0
  waitsFor = 0
  waiting?: Evaluation[]
  done?: NonNullable<Evaluation['done']>
  readonly #host: InstanceHost

  /** @param definition later ones are the next instance's */
  constructor(host: InstanceHost, readonly id: string, readonly definition: Definition) {
    this.#host = host
  }

  start(): Iterator<unknown> | AsyncIterator<unknown> {
    const { deps, factory } = this.definition
    if (!factory) return NO_BODY
    const host = this.#host
    const namespaces = deps.map((dep) => host.external(dep) ?? host.instanceOf(dep).namespace)
    return factory(new Scope(host, this), ...namespaces)
  }

  required(): Instance[] {
    const host = this.#host
    const required: Instance[] = []
    for (const dep of this.definition.deps) if (!host.external(dep)) required.push(host.instanceOf(dep))
    return required
  }
}

const NOTHING = Object.freeze({})
const NO_STARS = Object.freeze([]) as unknown as Star[]
const NO_BODY: Iterator<unknown> = { next: () => ({ done: true, value: undefined }) }

class Scope implements ModuleScope {
  readonly #host: InstanceHost
  readonly #instance: Instance
  #meta: Meta | undefined

  constructor(host: InstanceHost, instance: Instance) {
    this.#host = host
    this.#instance = instance
  }

  exports(getters: object): void {
    addExports(this.#instance.namespace, getters)
  }

  star(namespace: object): void {
    const instance = this.#instance
    const owner = instance.required().find((one) => one.namespace === namespace)
    if (instance.stars === NO_STARS) instance.stars = []
    instance.stars.push({ namespace, owner })
  }

  import(index: number): Promise<Namespace> {
    return this.#host.importFrom(this.#instance, index)
  }

  importExpression(specifier: unknown): Promise<Namespace> {
    return import(String(specifier)) as Promise<Namespace>
  }

  get meta(): Meta {
    return (this.#meta ??= this.#host.metaOf(this.#instance))
  }

  components(components: Record<string, unknown>, signatures: Record<string, string>, takesOwnUpdates = false): void {
    const instance = this.#instance
    instance.components = { ...instance.components, ...components }
    instance.signatures = { ...instance.signatures, ...signatures }
    instance.takesOwnUpdates ||= takesOwnUpdates
  }
}
