/** The app's server modules in the worker: scripts in the module registry, and the bundle of their packages. */
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { createRegistry, type Factory, type Namespace, type RegistryOptions } from 'eclipsa/dev/registry'

/** What Go sends (nodeadapter/load.go). */
export interface LoadRequest {
  /** The dependency bundle; null keeps the one that is there. */
  external: string | null
  modules: ModuleText[]
  removed: string[]
  entry: string
}

export interface ModuleText {
  id: string
  deps: string[]
  dynamic: string[]
  /** A generator function expression, see runtime/dev/registry.ts. */
  code: string
}

export interface WorkerModules {
  /** Brings the modules up to date and evaluates the entry. */
  load(request: LoadRequest): Promise<{ entry: Namespace; changed: boolean }>
}

interface Bundle {
  default: Record<string, object>
  lazy?: Record<string, () => Promise<object>>
}

/**
 * Everything that Go sends is taken before anything is evaluated, also what turns out to be broken: Go sends
 * only what changed since, so that a load that fails must leave the same modules here as there.
 */
export function createWorkerModules(): WorkerModules {
  // The registry reads `external` and `lazy` when it needs them.
  const options: RegistryOptions = { external: {}, lazy: {}, meta: metaOf }
  const registry = createRegistry(options)
  const known = new Set<string>()
  /** The bundle to import before the next evaluation. */
  let wanted: string | undefined
  let imports = 0

  return {
    async load({ external, modules, removed, entry }) {
      // Before the new imports are known: who imported a removed module holds it still. What failed is tried again.
      let changed = registry.invalidate([...modules.map(({ id }) => id), ...removed, ...registry.failed()]).length > 0
      registry.remove(removed)
      for (const id of removed) known.delete(id)
      for (const module of modules) {
        registry.define(module.id, module.deps, module.dynamic, compile(module))
        known.add(module.id)
      }
      wanted = external ?? wanted
      if (wanted !== undefined) {
        // The query asks for an evaluation of its own, where the path is the same.
        const bundle = (await import(`${pathToFileURL(wanted).href}?v=${++imports}`)) as Bundle
        wanted = undefined
        options.external = bundle.default
        options.lazy = bundle.lazy ?? {}
        changed = registry.invalidate(known).length > 0 || changed
      }
      return { entry: await registry.import(entry), changed }
    },
  }
}

/**
 * `import.meta`, as if Node had loaded the file: ids of the app's modules are paths below its root. What is
 * known of `env` stands in the code as constants; the rest of its properties are undefined.
 */
function metaOf(id: string): object {
  if (/^[a-z]+:/i.test(id)) return { url: id, env: {} }
  const filename = resolve(id.replace(/[?#].*$/, ''))
  return { url: pathToFileURL(filename).href, filename, dirname: dirname(filename), env: {} }
}

/** Positions in stacks are of the code as Go sent it: the parenthesis is in column -1. */
function compile({ id, code }: ModuleText): Factory {
  try {
    return new Script(`(${code}\n)`, { filename: id, columnOffset: -1 }).runInThisContext() as Factory
  } catch (error) {
    return brokenModule(error)
  }
}

/** Fails like a module that throws, for whoever imports it. */
const brokenModule = (error: unknown): Factory =>
  function* () {
    throw error
  }
