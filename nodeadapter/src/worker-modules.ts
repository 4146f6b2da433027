/** The app's server modules in the worker: scripts in the module registry, and the bundle of their packages. */
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compileFunction } from 'node:vm'
import { createRegistry, type Factory, type Namespace, type RegistryOptions } from 'eclipsa/dev/registry'

/** What Go sends (nodeadapter/load.go). */
export interface LoadRequest {
  /** The dependency bundle; null keeps the one that is there. Another one needs another worker. */
  external: string | null
  modules: ModuleText[]
  removed: string[]
  entry: string
  /** Those of the modules; null for those that are gone. */
  symbols?: Record<string, SymbolState | null>
}

/** What decides whether open sessions get a symbol's handler anew. */
export interface SymbolState {
  /** Of its code in its own file. */
  hash: string
  /** Modules that it reaches: an evaluation of one of them replaces the handler too. */
  reaches: string[]
}

export interface ModuleText {
  id: string
  deps: string[]
  dynamic: string[]
  /** Those of `deps` whose new instance is no reason to evaluate the module again. */
  weak?: string[]
  /** A generator function expression, see runtime/dev/registry.ts; empty where the module only imports. */
  code: string
}

export interface WorkerModules {
  /** Brings the modules up to date: what changed is evaluated again, with what imports it, if it was before. */
  load(request: LoadRequest): Promise<{ entry: Namespace; evaluated: number }>
  /** The namespace of the module's present instance: another one after each evaluation. */
  instance(id: string): Namespace | undefined
}

/** A line about the request, then one for each module: each is parsed as it comes. */
export async function readLoadRequest(text: AsyncIterable<string>): Promise<LoadRequest> {
  const lines: unknown[] = []
  let rest = ''
  for await (const chunk of text) {
    rest += chunk
    if (!chunk.includes('\n')) continue
    const whole = rest.split('\n')
    rest = whole.pop()!
    for (const line of whole) lines.push(JSON.parse(line))
  }
  const [request, ...modules] = lines
  return { ...(request as Omit<LoadRequest, 'modules'>), modules: modules as ModuleText[] }
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
  /** The bundle to import before the next evaluation. */
  let wanted: string | undefined
  let isImported = false
  let attempts = 0

  async function importBundle(): Promise<void> {
    if (wanted === undefined) return
    if (isImported) throw new Error('[eclipsa] the packages changed: another worker is needed for them')
    // The query asks for another attempt where the first one failed.
    const bundle = (await import(`${pathToFileURL(wanted).href}?v=${++attempts}`)) as Bundle
    wanted = undefined
    isImported = true
    options.external = bundle.default
    options.lazy = bundle.lazy ?? {}
  }

  return {
    async load({ external, modules, removed, entry }) {
      registry.remove(removed)
      for (const module of modules) {
        registry.define(module.id, module.deps, module.dynamic, lazyFactory(module), module.weak)
      }
      wanted = external ?? wanted
      await importBundle()
      const { evaluated } = await registry.update([...modules.map(({ id }) => id), ...removed], { evaluateRoots: true })
      return { entry: await registry.import(entry), evaluated: evaluated.length }
    },
    instance: registry.namespaceOf,
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

const before = 'return ('

/**
 * Compiles when it is first evaluated: other routes' modules may never be. Positions in stacks are of the code as Go
 * sent it: what stands before it is left of column 0. (A function costs less than a `Script`, which V8 also keeps in
 * a cache.)
 */
function lazyFactory({ id, code }: ModuleText): Factory | undefined {
  if (code === '') return undefined
  let compiled: Factory | undefined
  const compile = (): Factory => compileFunction(`${before}${code}\n)`, [], { filename: id, columnOffset: -before.length })() as Factory
  return (scope, ...deps) => (compiled ??= compile())(scope, ...deps)
}
