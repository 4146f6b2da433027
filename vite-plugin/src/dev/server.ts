/** The server app on Vite's active HTTP server: pages as the last middleware, sessions beside Vite's own HMR socket. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createRequestListener, createUpgradeGate, ownsRealtime } from '@eclipsa/node/host'
import type { Connect, Environment, Plugin, ViteDevServer } from 'vite'
import { partOf } from '../ids.js'
import type { Project } from '../project.js'
import { DevApp } from './app.js'
import { ErrorPages } from './error-pages.js'
import { forgetFailed, keepInstances } from './graph.js'
import { guardRequests } from './guard.js'
import { type Hot, hotPlugin } from './hot.js'
import { otherHostsPlugin } from './other-hosts.js'
import { OpenSymbols } from './open-symbols.js'
import { followQuickSaves } from './quick-saves.js'
import { Reach } from './reach.js'
import { leadReactToPreact } from './react.js'
import { ServerUpdates } from './server-updates.js'
import { warmUp } from './warm-up.js'

export function devPlugins(project: Project): Plugin[] {
  /** By environment: where a restart has the same plugins, a server begins before the one before it ends. */
  const hots = new Map<Environment, Hot>()
  return [
    {
      name: 'eclipsa:dev',
      apply: 'serve',
      async configureServer(server) {
        await Promise.all([project.open(), leadReactToPreact()])
        const reach = new Reach(server, project)
        const app = new DevApp(server, project, reach)
        const symbols = new OpenSymbols(project, () => app.environment)
        const hot = { server, app, reach, symbols, updates: new ServerUpdates(project, server, app, symbols), errorPages: new ErrorPages(server) }
        for (const environment of Object.values(server.environments)) hots.set(environment, hot)
        await app.writeManifest()
        if (server.httpServer !== null) guardRequests(server.httpServer as Server)
        listenForUpgrades(server, app)
        server.httpServer?.once('listening', () => warmUp(server.environments.client, project))
        followQuickSaves(server.watcher)
        keepInstances(app.environment, (id) => partOf(id) !== undefined || project.sourceOf(id) !== undefined)
        return () => {
          server.middlewares.use(pages(hot))
        }
      },
      async closeBundle() {
        const hot = hots.get(this.environment)
        hots.delete(this.environment)
        if (this.environment.name === 'client') await hot?.app.close()
        if (hots.size === 0) await project.close()
      },
    },
    hotPlugin(project, (environment) => hots.get(environment)),
    otherHostsPlugin(project),
  ]
}

/** Where Vite is a middleware the server is the user's, who tells which one. */
function httpServerOf(server: ViteDevServer): Server | undefined {
  const { middlewareMode, hmr } = server.config.server
  if (server.httpServer !== null) return server.httpServer as Server
  if (typeof middlewareMode === 'object') return middlewareMode.server as Server
  return typeof hmr === 'object' ? (hmr.server as Server | undefined) : undefined
}

function listenForUpgrades(server: ViteDevServer, app: DevApp): void {
  const httpServer = httpServerOf(server)
  if (httpServer === undefined) return
  app.gate = createUpgradeGate(httpServer, {
    owns: ownsRealtime(server.config.base),
    prepare: () => app.prepareSymbols().catch(reported(server)),
    unclaimed: (target) => server.config.logger.warn(`[eclipsa] nobody answered the upgrade of ${JSON.stringify(target)}, so it got 404: sessions are below ${server.config.base}__eclipsa/realtime/.`, { timestamp: true }),
  })
}

/** A failure to load the app is no reason to say nothing: the upgrade gets 500, the terminal the reason. */
const reported = (server: ViteDevServer) => (error: Error): never => {
  server.ssrFixStacktrace(error)
  server.config.logger.error(`[eclipsa] ${error.stack || error.message}`, { timestamp: true, error })
  throw error
}

function pages({ server, app, errorPages }: Hot): Connect.NextHandleFunction {
  const nexts = new WeakMap<IncomingMessage, Connect.NextFunction>()
  const failed = (error: unknown, incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const next = nexts.get(incoming)
    if (outgoing.headersSent || next === undefined) outgoing.destroy()
    else errorPages.show(error, next)
  }
  const listener = createRequestListener(app.handler, { failed })
  const isSymbols = ownsRealtime(server.config.base)
  return (incoming, outgoing, next) => {
    // Not before: Vitest has a Vite of its own, and no pages.
    if (app.gate === undefined) server.config.logger.warnOnce('[eclipsa] sessions need the HTTP server: Vite is in middleware mode, so pass it as server.middlewareMode: { server: httpServer }.')
    nexts.set(incoming, next)
    incoming.url = incoming.originalUrl ?? incoming.url ?? '/' // with the base, which Vite takes away
    const tried = errorPages.areShown ? app.exclusively(() => forgetFailed(app.environment)) : Promise.resolve()
    const ready = tried.then(() => (isSymbols(incoming.url!) ? app.prepareSymbols() : app.prepare()))
    ready.then(() => void listener(incoming, outgoing), (error: unknown) => errorPages.show(error, next))
  }
}
