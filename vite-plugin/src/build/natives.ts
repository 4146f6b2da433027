/**
 * What stays an import in the server's code, which else needs nothing but Node: packages with native addons, which no
 * bundle can hold, and those that the setting `external` names. The rule is package app's (`Project.WhyExternal`).
 */
import { isBuiltin } from 'node:module'
import { dirname, isAbsolute } from 'node:path'
import type { Plugin } from 'vite'
import { cleanId } from '../ids.js'
import type { Project } from '../project.js'
import type { ExternalAnswer } from '../service/protocol.js'

export function nativesPlugin(project: Project): Plugin {
  /** What there is to say, a line for each package. */
  const notes = new Set<string>()
  /** By specifier and folder: every module imports the runtime. */
  const known = new Map<string, Promise<ExternalAnswer>>()
  return {
    name: 'eclipsa:natives',
    apply: 'build',
    enforce: 'pre',
    sharedDuringBuild: true,
    applyToEnvironment: ({ config }) => config.consumer === 'server',

    async resolveId(specifier, importer) {
      // Letters and `@` begin the names of packages; a colon is a scheme's or a drive's.
      if (importer === undefined || !/^[a-z@_][^:]*$/i.test(specifier) || isBuiltin(specifier)) return undefined
      const found = await ask(specifier, folderOf(importer))
      if (found.note === '') return undefined
      notes.add(found.note)
      return { id: specifier, external: true }
    },

    buildEnd() {
      for (const note of notes) project.config.logger.info(`[eclipsa] ${note}`)
      notes.clear()
      known.clear()
    },
  }

  function ask(specifier: string, folder: string): Promise<ExternalAnswer> {
    const key = `${specifier}\0${folder}`
    const answer = known.get(key) ?? project.external(specifier, folder)
    known.set(key, answer)
    return answer
  }

  /** Of virtual modules it is the app's. */
  function folderOf(importer: string): string {
    const file = cleanId(importer).replace(/^\0/, '')
    return isAbsolute(file) ? dirname(file) : project.root
  }
}
