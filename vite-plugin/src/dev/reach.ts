/**
 * Which route reaches which server symbol, from Vite's client graph, dynamic imports included: only Vite knows aliases,
 * MDX and virtual modules (DESIGN.md D9). It is asked for when somebody asks for a symbol, never for a page.
 */
import type { DevEnvironment, EnvironmentModuleNode, ViteDevServer } from 'vite'
import { cleanId, isStylesheet, specifierOf } from '../ids.js'
import type { Project } from '../project.js'
import type { ManifestSymbol } from '../service/protocol.js'

export interface Reached {
  symbols: ManifestSymbol[]
  /** Ids of symbols by id of the route. */
  routes: Record<string, string[]>
}

export class Reach {
  /** Something changed since it was found. */
  isStale = true
  readonly #server: ViteDevServer
  readonly #project: Project

  constructor(server: ViteDevServer, project: Project) {
    this.#server = server
    this.#project = project
  }

  async find(): Promise<Reached> {
    this.isStale = false
    const symbols = new Map<string, ManifestSymbol>()
    const routes: Reached['routes'] = {}
    for (const { id, clientFiles } of this.#project.app.routes) {
      const seen = new Set<EnvironmentModuleNode>()
      for (const file of clientFiles) await this.#visit(`/${file}`, seen)
      routes[id] = []
      for (const node of seen) {
        const file = cleanId(node.id ?? '')
        for (const symbol of (await this.#project.known(file))?.symbols ?? []) {
          routes[id].push(symbol.id)
          symbols.set(symbol.id, { id: symbol.id, kind: symbol.kind, specifier: specifierOf(this.#project.root, file) })
        }
      }
      routes[id].sort()
    }
    return { symbols: [...symbols.values()], routes }
  }

  /** Everything below a module, transformed if it never was: the browser asks for it next anyway. */
  async #visit(url: string, seen: Set<EnvironmentModuleNode>): Promise<void> {
    const client: DevEnvironment = this.#server.environments.client
    const pending = [url]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const node = await transformed(client, next)
      if (node === undefined || seen.has(node)) continue
      seen.add(node)
      for (const dep of node.importedModules) if (mayHoldSymbols(dep) && !seen.has(dep)) pending.push(dep.url)
    }
  }
}

async function transformed(client: DevEnvironment, url: string): Promise<EnvironmentModuleNode | undefined> {
  try {
    const known = await client.moduleGraph.getModuleByUrl(url)
    if (known?.transformResult) return known
    await client.transformRequest(url)
  } catch {
    // A mistake in it is shown to whoever loads the page; the rest is reached all the same.
  }
  return client.moduleGraph.getModuleByUrl(url)
}

/** Packages have none, but for those that are source, which are not below Vite's cache. */
function mayHoldSymbols({ id, url, type }: EnvironmentModuleNode): boolean {
  return type === 'js' && id !== null && !isStylesheet(id) && !id.includes('/.vite/') && !url.startsWith('/@vite/')
}
