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

export function createWorkerModules(): WorkerModules {
  // The registry reads `external` and `lazy` when it needs them.
  const options: RegistryOptions = { external: {}, lazy: {}, meta: metaOf }
  const registry = createRegistry(options)
  const known = new Set<string>()
  let bundles = 0

  return {
    async load({ external, modules, removed, entry }) {
      // All or nothing: a text that can't be compiled leaves everything as it was.
      const compiled = modules.map((module) => ({ ...module, factory: compile(module) }))
      if (external !== null) {
        const bundle = (await import(`${pathToFileURL(external).href}?v=${++bundles}`)) as Bundle
        options.external = bundle.default
        options.lazy = bundle.lazy ?? {}
      }
      // Before the new imports are known: who imported a removed module holds it still. New packages
      // concern everything, and what failed is tried again.
      const stale = external !== null ? known : [...modules.map(({ id }) => id), ...removed, ...registry.failed()]
      const invalidated = registry.invalidate(stale)
      registry.remove(removed)
      for (const id of removed) known.delete(id)
      for (const { id, deps, dynamic, factory } of compiled) {
        registry.define(id, deps, dynamic, factory)
        known.add(id)
      }
      return { entry: await registry.import(entry), changed: invalidated.length > 0 }
    },
  }
}

/** `import.meta`, as if Node had loaded the file: ids of the app's modules are paths below its root. */
function metaOf(id: string): object {
  if (/^[a-z]+:/i.test(id)) return { url: id }
  const filename = resolve(id.replace(/[?#].*$/, ''))
  return { url: pathToFileURL(filename).href, filename, dirname: dirname(filename) }
}

/** Positions in stacks are of the code as Go sent it: the parenthesis is in column -1. */
function compile({ id, code }: ModuleText): Factory {
  return new Script(`(${code}\n)`, { filename: id, columnOffset: -1 }).runInThisContext() as Factory
}
