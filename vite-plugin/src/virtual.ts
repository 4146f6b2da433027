/** The virtual modules: data that Go writes (docs/architecture.md, "Virtual modules"). */
import { join } from 'node:path/posix'
import type { Plugin } from 'vite'
import { isVirtual, SERVER_MANIFEST } from './ids.js'
import type { Project } from './project.js'

export function virtualPlugin(project: Project): Plugin {
  return {
    name: 'eclipsa:virtual',
    enforce: 'pre',
    resolveId(id, importer) {
      if (isVirtual(id)) return `\0${id}`
      if (id.startsWith('\0eclipsa:') && isVirtual(id.slice(1))) return id
      // What they import stands below the app's root.
      if (importer?.startsWith('\0eclipsa:') && id.startsWith('./')) return this.resolve(join(project.root, id), undefined, { skipSelf: true })
      return undefined
    },
    load(id) {
      if (id === SERVER_MANIFEST) return project.manifestText
      if (!id.startsWith('\0') || !isVirtual(id.slice(1))) return undefined
      return project.app.modules[id.slice(1)]
    },
  }
}
