/**
 * An edit under Vite. For the browser: nothing, where only server code changed; else Vite's own update. For the server:
 * the parts that changed and what reads them are evaluated again, and the sessions of changed symbols are swapped
 * (DESIGN.md D7); Vite itself is told that there is nothing to do.
 */
import { join } from 'node:path/posix'
import type { EnvironmentModuleNode, HotUpdateOptions, Plugin, RunnableDevEnvironment, ViteDevServer } from 'vite'
import { isError } from '../diagnostics.js'
import { partOf } from '../ids.js'
import type { Project } from '../project.js'
import type { TransformAnswer } from '../service/protocol.js'
import type { DevApp } from './app.js'
import type { ErrorPages } from './error-pages.js'
import { forgetFailed, instanceOf, invalidate, restore, withImporters } from './graph.js'
import { waitingFor } from './missing.js'
import type { OpenSymbols } from './open-symbols.js'
import type { Reach } from './reach.js'
import { changeRoutes, isRouteFile } from './routes.js'

export interface Hot {
  server: ViteDevServer
  app: DevApp
  reach: Reach
  errorPages: ErrorPages
  symbols: OpenSymbols
}

export function hotPlugin(project: Project, hotOf: () => Hot | undefined): Plugin {
  return {
    name: 'eclipsa:hot',
    async hotUpdate(options) {
      const hot = hotOf()
      if (hot === undefined) return undefined
      if (this.environment.name === 'client') {
        await hot.symbols.note() // as they are for the sessions that are open
        return clientUpdate(project, hot, options)
      }
      if (this.environment.name !== 'ssr') return undefined
      await hot.app.exclusively(() => serverUpdate(project, hot, options))
      hot.errorPages.loadAgain()
      return []
    },
  }
}

/** Undefined leaves the update to Vite. */
async function clientUpdate(project: Project, hot: Hot, options: HotUpdateOptions): Promise<EnvironmentModuleNode[] | undefined> {
  const { type, file } = options
  hot.reach.isStale = true
  if (type !== 'update') {
    if (isRouteFile(project, file)) await changeRoutes(project, hot)
    return undefined
  }
  const next = await transformed(project, options)
  const had = project.had.client.get(file)
  return next !== undefined && had !== undefined && !next.diagnostics.some(isError) && had.client?.code === next.client?.code ? [] : undefined
}

/** What the saved file is to become; undefined for what is not ours. */
async function transformed(project: Project, { file, read }: HotUpdateOptions): Promise<TransformAnswer | undefined> {
  return project.sourceOf(file) === undefined ? undefined : project.transform(file, await read(), 'both')
}

async function serverUpdate(project: Project, hot: Hot, options: HotUpdateOptions): Promise<void> {
  const { type, file, modules } = options
  const { app, symbols } = hot
  const { environment } = app
  await forgetFailed(environment)
  const waiting = type === 'create' ? await waitingFor(environment, file) : []
  const nodes = modules.filter((node) => node.id !== null)
  if (nodes.length === 0 && waiting.length === 0) return
  const isGone = type === 'delete'
  const next = isGone ? undefined : await transformed(project, options)
  if (next?.diagnostics.some(isError)) return restore(environment, new Set()) // the last good code goes on
  const previous = project.had.server.get(file)
  if (next === undefined) project.had.server.delete(file)
  else project.had.server.set(file, next)
  const answers = new Map<string, TransformAnswer>()
  for await (const [name, answer] of project.all()) answers.set(name, answer)
  const changed = [...waiting, ...nodes.filter((node) => isGone || isChanged(node, previous, next))]
  if (changed.length === 0) return restore(environment, new Set()) // one save may be two events: the second brings nothing, and mends nothing
  const stale = withImporters(changed, { answerOf: (name) => answers.get(name), serverEntry: join(project.root, project.app.serverEntry) })
  const evaluated = [...stale].filter((node) => instanceOf(environment, node.id ?? '') !== undefined)
  await symbols.note()
  for (const node of stale) await dispose(environment, node)
  for (const node of stale) invalidate(environment, node)
  await restore(environment, stale)
  if (isGone) return
  await evaluateAgain(hot, evaluated.filter((node) => partOf(node.id ?? '') === undefined))
}

/** A part whose code is the same keeps its instance and its state. */
function isChanged({ id }: EnvironmentModuleNode, previous: TransformAnswer | undefined, next: TransformAnswer | undefined): boolean {
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

/** In the order of their imports; a failure is shown, and sessions go on with what they have. */
async function evaluateAgain({ server, app, symbols }: Hot, nodes: EnvironmentModuleNode[]): Promise<void> {
  try {
    for (const node of nodes) await app.environment.runner.import(node.url)
    const swapped = app.swap(symbols.changed())
    if (showsError.delete(server)) server.environments.client.hot.send('eclipsa:ok')
    if (swapped > 0) server.config.logger.info(`[eclipsa] swapped the handler of ${swapped} open session${swapped === 1 ? '' : 's'}`, { timestamp: true })
  } catch (error) {
    const { message, stack = '' } = error as Error
    if (error instanceof Error) server.ssrFixStacktrace(error)
    server.config.logger.error(`[eclipsa] ${stack || message}`, { timestamp: true, error: error as Error })
    server.environments.client.hot.send({ type: 'error', err: { message, stack, plugin: 'eclipsa' } })
    showsError.add(server)
  }
}

/** Servers whose pages show an error that no update of the browser's takes away. */
const showsError = new WeakSet<ViteDevServer>()
