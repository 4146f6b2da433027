/**
 * The server app inside Vite's dev server: the same `eclipsa/server` as in production, given modules of Vite's runner.
 * A new handler takes over the sessions of the one before it.
 */
import type { CreateHandler, Handler, UpgradeGate } from '@eclipsa/node/host'
import { upgradeWebSocket } from '@eclipsa/node/host'
import type { RunnableDevEnvironment, ViteDevServer } from 'vite'
import { CLIENT, isVirtual, SERVER, SERVER_MANIFEST } from '../ids.js'
import type { Project } from '../project.js'
import { invalidate } from './graph.js'
import type { Reached, Reach } from './reach.js'
import { followStyles, type LiveManifest } from './styles.js'

const NONE: Reached = { symbols: [], routes: {} }

export class DevApp {
  /** What the gate hands upgrades to. */
  gate: UpgradeGate | undefined
  readonly #server: ViteDevServer
  readonly #project: Project
  readonly #reach: Reach
  #handler: Handler | undefined
  #made: CreateHandler | undefined
  /** The newest manifest, and the one that the handler was made with. */
  #manifest: LiveManifest | undefined
  #served: LiveManifest | undefined
  #reached = NONE
  /** Changes are made one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(server: ViteDevServer, project: Project, reach: Reach) {
    this.#server = server
    this.#project = project
    this.#reach = reach
  }

  get environment(): RunnableDevEnvironment {
    return this.#server.environments['ssr'] as RunnableDevEnvironment
  }

  handler = (): Handler | undefined => this.#handler

  /** Runs `change` alone. */
  exclusively<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change)
    this.#last = result.catch(() => {})
    return result
  }

  /** Brings the handler up to date for a page. */
  prepare(): Promise<void> {
    return this.exclusively(() => this.#load())
  }

  /** The same for what asks for a symbol: which routes reach it must be known. */
  prepareSymbols(): Promise<void> {
    return this.exclusively(async () => {
      if (this.#reach.isStale) {
        this.#reached = await this.#reach.find()
        await this.writeManifest()
      }
      await this.#load()
    })
  }

  async writeManifest(): Promise<void> {
    const { base } = this.#project.config
    const client = `${base}@vite/client`
    const assets = { scripts: [client, `${base}@id/${CLIENT.replace('\0', '__x00__')}`], preload: [], styles: [] }
    const routes = Object.fromEntries(
      this.#project.app.routes.map(({ id }) => [id, { symbols: this.#reached.routes[id] ?? [], assets: { scripts: [], preload: [], styles: [] } }]),
    )
    const text = await this.#project.manifest({ symbols: this.#reached.symbols, routes, assets, notFoundScripts: [client] })
    if (text === this.#project.manifestText) return
    this.#project.manifestText = text
    invalidate(this.environment, this.environment.moduleGraph.getModuleById(SERVER_MANIFEST))
  }

  /** Most edits are behind dynamic imports of the manifest, and leave the handler as it is. */
  async #load(): Promise<void> {
    const { runner } = this.environment
    const { default: manifest } = (await runner.import(SERVER_MANIFEST)) as { default: LiveManifest }
    if (manifest !== this.#manifest) followStyles(this.environment, this.#project, manifest)
    const { default: createHandler } = (await runner.import(SERVER)) as { default: CreateHandler }
    if (this.#handler !== undefined && createHandler === this.#made) {
      // The handler reads its own manifest for each request: what is news goes in there.
      if (manifest !== this.#manifest) Object.assign(this.#served!, manifest)
      this.#manifest = manifest
      return
    }
    const next = createHandler({
      upgradeWebSocket, report: this.#report, showError: rethrow, ...(this.#handler && { replaces: this.#handler }),
    })
    this.gate?.use(next)
    this.#handler = next
    this.#made = createHandler
    this.#manifest = this.#served = manifest
  }

  swap(ids: Iterable<string>): number {
    return this.#handler?.swap?.(ids) ?? 0
  }

  #report = (stage: string, error: unknown, details?: object): void => {
    const text = error instanceof Error ? (this.#server.ssrFixStacktrace(error), error.stack) : String(error)
    this.#server.config.logger.error(`[eclipsa] ${stage}: ${text}${details === undefined ? '' : ` ${JSON.stringify(details)}`}`, {
      timestamp: true,
      error: error instanceof Error ? error : null,
    })
  }

  async close(): Promise<void> {
    this.gate?.stop()
    this.gate?.leave() // the server may be the user's, and the next app's
    await this.#handler?.drain({ spreadMs: 0, code: 1012, reason: 'the dev server restarts' })
  }
}

/** Vite's own error page and overlay show it. */
function rethrow(error: unknown): never {
  throw error
}

export const isOurs = (id: string | null): boolean => id !== null && id.startsWith('\0') && isVirtual(id.slice(1))
