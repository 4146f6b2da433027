/** Route files that come and go: the app is read anew, without a restart. */
import type { ViteDevServer } from 'vite'
import type { Project } from '../project.js'
import type { AppDescription } from '../service/protocol.js'
import { CLIENT, CLIENT_MANIFEST, SERVER } from '../ids.js'
import type { DevApp } from './app.js'
import { invalidate } from './graph.js'

export const isRouteFile = (project: Project, file: string): boolean => /\/\+[^/]+$/.test(file) && file.startsWith(`${project.root}/app/`)

export async function changeRoutes(project: Project, server: ViteDevServer, app: DevApp): Promise<void> {
  const { hot, moduleGraph } = server.environments.client
  const before = project.app
  try {
    await project.rescan()
  } catch (error) {
    const { message } = error as Error // the routes make no sense: the last good ones go on
    server.config.logger.error(`[eclipsa] ${message}`, { timestamp: true })
    return hot.send({ type: 'error', err: { message, stack: '', plugin: 'eclipsa' } })
  }
  for (const id of [CLIENT, CLIENT_MANIFEST]) {
    const node = moduleGraph.getModuleById(id)
    if (node !== undefined) moduleGraph.invalidateModule(node)
  }
  await app.exclusively(async () => {
    await app.writeManifest()
    if (before.modules['eclipsa:server'] !== project.app.modules['eclipsa:server']) invalidate(app.environment, app.environment.moduleGraph.getModuleById(SERVER))
  })
  if (movesPages(before, project.app)) hot.send({ type: 'full-reload' })
}

/** Whether an open page may be of a route that is gone or made of other files. New routes are no news for pages of others. */
function movesPages(before: AppDescription, after: AppDescription): boolean {
  if (before.modules['eclipsa:client'] !== after.modules['eclipsa:client']) return true
  const files = new Map(after.routes.map(({ id, clientFiles }) => [id, clientFiles.join('\n')]))
  return before.routes.some(({ id, clientFiles, page }) => page !== '' && files.get(id) !== clientFiles.join('\n'))
}
