/** The stylesheets of a page, in its document from the start: from Vite's server graph, once the route's modules are there. */
import type { EnvironmentModuleNode, RunnableDevEnvironment } from 'vite'
import { isStylesheet } from '../ids.js'
import type { Project } from '../project.js'

type Load = () => Promise<Record<string, unknown>>

/** The part of `Manifest` (eclipsa/server) that is looked at: its routes are read when they are served. */
export interface LiveManifest {
  routes: { id: string; page?: Load; layouts: Load[]; assets: { styles: string[] } }[]
}

/** Makes each load of a route's modules note the stylesheets that it brought. */
export function followStyles(environment: RunnableDevEnvironment, project: Project, manifest: LiveManifest): void {
  for (const route of manifest.routes) {
    const files = project.app.routes.find(({ id }) => id === route.id)?.clientFiles ?? []
    const noting = (load: Load): Load => async () => {
      const module = await load()
      route.assets.styles = stylesOf(environment, project, files)
      return module
    }
    if (route.page !== undefined) route.page = noting(route.page)
    route.layouts = route.layouts.map(noting)
  }
}

function stylesOf({ moduleGraph, config }: RunnableDevEnvironment, project: Project, files: string[]): string[] {
  const urls = new Set<string>()
  const seen = new Set<EnvironmentModuleNode>()
  const visit = (node: EnvironmentModuleNode): void => {
    if (seen.has(node)) return
    seen.add(node)
    if (isStylesheet(node.url)) urls.add(config.base + node.url.replace(/^\//, ''))
    else node.importedModules.forEach(visit)
  }
  for (const file of files) moduleGraph.getModulesByFile(`${project.root}/${file}`)?.forEach(visit)
  return [...urls]
}
