/**
 * Source files on their way through Vite: the client gets stubs instead of handlers, the server registers them. What
 * needs no work of ours is left to Vite's own transform of TypeScript and JSX.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { DevEnvironment, Plugin } from 'vite'
import { isError, viteError } from './diagnostics.js'
import { cleanId, partOf } from './ids.js'
import { leak } from './leak.js'
import { stubOf } from './build/server-only.js'
import type { Project } from './project.js'
import { chainTo, followRemoved } from './removed.js'
import type { Part, TransformAnswer, TransformedModule } from './service/protocol.js'

/** What both `load` and `transform` may give; undefined leaves the module as it is. */
type Output = { code: string; map: string | { mappings: '' } } | undefined

/** The last good output of server files in development: a mistake keeps it running. */
type LastGood = Map<string, TransformAnswer>

export function transformPlugin(project: Project): Plugin {
  const lastGood: LastGood = new Map()

  return {
    name: 'eclipsa:transform',
    enforce: 'pre',

    load(id) {
      const part = partOf(id)
      if (part === undefined) return undefined
      const made = lastGood.get(cleanId(id))?.server?.parts?.find(({ name }) => name === part)
      return made && output(made)
    },

    async transform(text, id) {
      const file = project.sourceOf(id)
      if (file === undefined) return undefined
      const code = project.isDev && text === '' ? await readAgain(file) : text
      const isServer = this.environment.config.consumer === 'server'
      const answer = await project.transform(file, code, isServer ? 'server' : 'client')
      if (project.isDev && !isServer) project.had.client.set(file, answer)
      for (const one of answer.diagnostics) if (!isError(one)) this.warn(viteError(one, file))
      const mistake = answer.diagnostics.find(isError)
      if (mistake !== undefined) {
        const good = isServer ? lastGood.get(file) : undefined
        if (good === undefined) return this.error(viteError(mistake, file))
        return serverOutput(good, project.isDev) // the browser's overlay shows the mistake
      }
      if (isServer) {
        if (project.isDev) {
          lastGood.set(file, answer)
          if (!project.had.server.has(file)) project.had.server.set(file, answer) // from then on updates say what it runs
        }
        return serverOutput(answer, project.isDev)
      }
      if (answer.serverOnly) {
        if (project.isDev) return this.error(leak(answer.path, chainTo(this.environment as DevEnvironment, id)))
        project.serverOnly.set(file, answer.path) // reported with its chain, once all is known
        return { code: stubOf((await project.transform(file, code, 'server')).server?.exports ?? []), map: { mappings: '' } }
      }
      if (!project.isDev) await followRemoved(this, project, file, answer)
      return output(answer.client)
    },
  }
}

/** A file that is just being saved is empty for a moment. */
async function readAgain(file: string): Promise<string> {
  await setTimeout(10)
  return readFile(file, 'utf8').catch(() => '')
}

function serverOutput(answer: TransformAnswer, isDev: boolean): Output {
  const facade = isDev ? answer.server?.parts?.find(({ name }) => name === '') : undefined
  return output(facade ?? answer.server)
}

function output(made: TransformedModule | Part | undefined): Output {
  if (made === undefined || ('unchanged' in made && made.unchanged)) return undefined
  return { code: made.code, map: made.map === undefined ? { mappings: '' } : made.map }
}
