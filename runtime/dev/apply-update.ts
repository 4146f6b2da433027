/** What an `update` message does to the page: its modules are defined, and those that run are brought up to date. */
import type { ModuleText, UpdateMessage } from './hot-messages.js'
import type { Factory, Registry } from './registry.js'

export interface UpdateHost {
  registry: Registry
  /** Where the app is mounted, with the origin: starts the URLs that modules have in devtools. */
  root: string
  /** Makes the packages of another bundle known. */
  addPackages(url: string): Promise<void>
  /** Defines what changed since a version by a script, where the page's CSP forbids to evaluate texts. */
  loadSince(version: number): Promise<void>
  /** What the swapped components threw when they were rendered. */
  renderErrors(): Promise<unknown[]>
  reload(reason: string): void
  /** The page runs the new modules; empty if none of them was on it. */
  updated(names: string[]): void
  failed(errors: unknown[]): void
}

export interface UpdateQueue {
  push(message: UpdateMessage): void
  /** Evaluates what refused to take over from its last instance, `import.meta.hot.invalidate()`. */
  goOn(): void
}

/** @param seen the version that the page has */
export function createUpdateQueue(host: UpdateHost, seen: number): UpdateQueue {
  const { registry } = host
  /** Definitions are made in the order of the messages; the registry does the rest in order itself. */
  let defined: Promise<unknown> = Promise.resolve()
  let evaluates: boolean | undefined

  async function take(message: UpdateMessage): Promise<void> {
    const modules = message.modules ?? []
    if (message.deps !== undefined) await host.addPackages(message.deps)
    const changed = modules.filter((module) => isNews(registry, module)).map(({ id }) => id)
    evaluates ??= mayEvaluate()
    if (evaluates) {
      for (const module of modules) registry.define(module.id, module.deps, module.dynamic, lazyFactory(module, host.root, message.version))
    } else {
      await host.loadSince(seen)
    }
    seen = message.version
    registry.remove(message.removed ?? [])
    void apply(changed, message.names ?? changed)
  }

  async function apply(changed: string[], names: string[]): Promise<void> {
    try {
      const { evaluated, unaccepted } = await registry.update(changed)
      if (unaccepted) return host.reload(reasonOf(unaccepted.chain))
      const errors = await host.renderErrors()
      if (errors.length > 0) host.failed(errors)
      else host.updated(evaluated.length > 0 ? names : [])
    } catch (error) {
      console.error(error)
      host.failed([error])
    }
  }

  return {
    push(message) {
      defined = defined.then(() => take(message)).catch((error) => host.reload(`the update could not be read: ${error}`))
    },
    goOn: () => void apply([], []),
  }
}

/** A page that connected late is told of modules that its pack already had. */
function isNews(registry: Registry, { id, deps, dynamic, code }: ModuleText): boolean {
  const known = registry.definitionOf(id)
  return !known || String(known.factory) !== code || deps.join('\n') !== known.deps.join('\n') || dynamic.join('\n') !== known.dynamic.join('\n')
}

/** Compiles when it is first evaluated: most modules of an update may not be on the page. */
function lazyFactory({ id, code, map }: ModuleText, root: string, version: number): Factory {
  let compiled: Factory | undefined
  const compile = (): Factory => {
    const comments = `//# sourceURL=${root}${encodeURI(id)}?v=${version}${map ? `\n//# sourceMappingURL=${new URL(map, root)}` : ''}`
    return (0, eval)(`(${code}\n)\n${comments}`) as Factory
  }
  const factory: Factory = (scope, ...deps) => (compiled ??= compile())(scope, ...deps)
  return Object.defineProperty(factory, 'toString', { value: () => code })
}

/** To be found out once: each attempt is a line in the console of a page whose CSP forbids it. */
function mayEvaluate(): boolean {
  try {
    ;(0, eval)('0')
    return true
  } catch {
    return false
  }
}

function reasonOf(chain: string[]): string {
  return chain.length === 1 ? `${chain[0]} takes no hot updates` : `nothing takes the update of ${chain.join(', imported by ')}`
}
