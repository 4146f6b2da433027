/**
 * The server's side of an edit: the parts that changed and what reads them are evaluated again, and the sessions of
 * changed symbols are swapped (DESIGN.md D7).
 */
import { join } from 'node:path/posix'
import type { EnvironmentModuleNode, HotUpdateOptions, RunnableDevEnvironment, ViteDevServer } from 'vite'
import { isError } from '../diagnostics.js'
import { partOf } from '../ids.js'
import type { Project } from '../project.js'
import type { TransformAnswer } from '../service/protocol.js'
import type { DevApp } from './app.js'
import { forgetFailed, instanceOf, invalidate, restore, withImporters } from './graph.js'
import { waitingFor } from './missing.js'
import type { OpenSymbols } from './open-symbols.js'

export class ServerUpdates {
  readonly #project: Project
  readonly #server: ViteDevServer
  readonly #app: DevApp
  readonly #symbols: OpenSymbols
  /** What ran before an edit that failed or took a file away: the next one has to evaluate it, too. */
  #owed = new Set<EnvironmentModuleNode>()
  /** Pages show an error that no update of the browser's takes away. */
  #showsError = false

  constructor(project: Project, server: ViteDevServer, app: DevApp, symbols: OpenSymbols) {
    this.#project = project
    this.#server = server
    this.#app = app
    this.#symbols = symbols
  }

  async take({ type, file, modules, read }: HotUpdateOptions): Promise<void> {
    const { environment } = this.#app
    await forgetFailed(environment)
    const next = type === 'delete' ? undefined : await this.#project.transformSaved(file, read)
    if (next?.diagnostics.some(isError)) return restore(environment, new Set()) // the last good code goes on
    const changed = await this.#changed(type, file, modules, next)
    if (changed.length === 0) return restore(environment, new Set()) // one save may be two events: the second brings nothing, and mends nothing
    const stale = await this.#withImporters(changed)
    for (const node of stale) if (partOf(node.id!) === undefined && instanceOf(environment, node.id!) !== undefined) this.#owed.add(node)
    await this.#symbols.note()
    for (const node of stale) await dispose(environment, node)
    for (const node of stale) invalidate(environment, node)
    await restore(environment, stale)
    if (type !== 'delete') await this.#evaluate()
  }

  /** The modules whose code is another now. */
  async #changed(type: HotUpdateOptions['type'], file: string, modules: EnvironmentModuleNode[], next: TransformAnswer | undefined): Promise<EnvironmentModuleNode[]> {
    const nodes = modules.filter(({ id }) => id !== null)
    const waiting = type === 'create' ? await waitingFor(this.#app.environment, file) : []
    const { server: had } = this.#project.had
    const previous = had.get(file)
    if (next === undefined) had.delete(file)
    else if (nodes.length > 0) had.set(file, next)
    return [...waiting, ...nodes.filter((node) => next === undefined || isChanged(node, previous, next))]
  }

  async #withImporters(changed: EnvironmentModuleNode[]): Promise<Set<EnvironmentModuleNode>> {
    const answers = new Map<string, TransformAnswer>()
    for await (const [name, answer] of this.#project.all()) answers.set(name, answer)
    return withImporters(changed, { answerOf: (name) => answers.get(name), serverEntry: join(this.#project.root, this.#project.app.serverEntry) })
  }

  /** In the order of their imports; a failure is shown, and sessions go on with what they have. */
  async #evaluate(): Promise<void> {
    const failures: unknown[] = []
    for (const node of this.#owed) {
      try {
        if (node.importers.size > 0) await this.#app.environment.runner.import(node.url)
        this.#owed.delete(node)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) return this.#show(failures[0])
    const { config, environments } = this.#server
    if (this.#showsError) environments.client.hot.send('eclipsa:ok')
    this.#showsError = false
    const swapped = this.#app.swap(this.#symbols.changed())
    if (swapped > 0) config.logger.info(`[eclipsa] swapped the handler of ${swapped} open session${swapped === 1 ? '' : 's'}`, { timestamp: true })
  }

  #show(error: unknown): void {
    const { config, environments } = this.#server
    const { message, stack = '' } = error as Error
    if (error instanceof Error) this.#server.ssrFixStacktrace(error)
    config.logger.error(`[eclipsa] ${stack || message}`, { timestamp: true, error: error as Error })
    environments.client.hot.send({ type: 'error', err: { message, stack, plugin: 'eclipsa' } })
    this.#showsError = true
  }
}

/** A part whose code is the same keeps its instance and its state. */
function isChanged({ id }: EnvironmentModuleNode, previous: TransformAnswer | undefined, next: TransformAnswer): boolean {
  const part = partOf(id ?? '') ?? ''
  const codeOf = (answer: TransformAnswer | undefined): string | undefined => answer?.server?.parts?.find(({ name }) => name === part)?.code ?? (part === '' ? answer?.server?.code : undefined)
  const before = codeOf(previous)
  return before === undefined || before !== codeOf(next)
}

async function dispose({ runner }: RunnableDevEnvironment, { url }: EnvironmentModuleNode): Promise<void> {
  const client = (runner as unknown as { hmrClient?: { disposeMap: Map<string, (data: unknown) => unknown>; dataMap: Map<string, unknown> } }).hmrClient
  const callback = client?.disposeMap.get(url)
  if (callback !== undefined) await callback(client!.dataMap.get(url))
}
