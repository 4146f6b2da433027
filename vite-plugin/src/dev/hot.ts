/**
 * An edit under Vite. For the browser: nothing, where only server code changed; else Vite's own update. The server's
 * side is ours alone (`server-updates.ts`): Vite itself is told that there is nothing to do.
 */
import type { Environment, EnvironmentModuleNode, HotUpdateOptions, Plugin, ViteDevServer } from 'vite'
import { isError } from '../diagnostics.js'
import type { Project } from '../project.js'
import type { DevApp } from './app.js'
import type { ErrorPages } from './error-pages.js'
import type { OpenSymbols } from './open-symbols.js'
import type { Reach } from './reach.js'
import { changeRoutes, isRouteFile } from './routes.js'
import type { ServerUpdates } from './server-updates.js'

export interface Hot {
  server: ViteDevServer
  app: DevApp
  reach: Reach
  symbols: OpenSymbols
  updates: ServerUpdates
  errorPages: ErrorPages
}

export function hotPlugin(project: Project, hotOf: (environment: Environment) => Hot | undefined): Plugin {
  return {
    name: 'eclipsa:hot',
    async hotUpdate(options) {
      const hot = hotOf(this.environment)
      if (hot === undefined) return undefined
      if (this.environment.name === 'client') {
        await hot.symbols.note() // as they are for the sessions that are open
        return clientUpdate(project, hot, options)
      }
      if (this.environment.name !== 'ssr') return undefined
      await hot.app.exclusively(() => hot.updates.take(options))
      hot.errorPages.loadAgain()
      return []
    },
  }
}

/** Undefined leaves the update to Vite. */
async function clientUpdate(project: Project, hot: Hot, { type, file, read }: HotUpdateOptions): Promise<EnvironmentModuleNode[] | undefined> {
  hot.reach.isStale = true
  if (type !== 'update') {
    if (isRouteFile(project, file)) await changeRoutes(project, hot.server, hot.app)
    return undefined
  }
  const next = await project.transformSaved(file, read)
  const had = project.had.client.get(file)
  return next !== undefined && had !== undefined && !next.diagnostics.some(isError) && had.client?.code === next.client?.code ? [] : undefined
}
