/**
 * `vite build`: the client, then what only its finished graph tells (which route reaches which symbol, which files its
 * page needs), then the server with that as its manifest, then what adapters and `ssg` add.
 */
import { resolve } from 'node:path'
import type { BuildEnvironment, Plugin, ViteBuilder } from 'vite'
import type { EclipsaOptions } from '../options.js'
import type { Project } from '../project.js'
import { writeAdapterFiles } from './adapters.js'
import { checkSourcemap, cleanClientFiles } from './client-files.js'
import { compressFolder } from './compress.js'
import { type ClientFacts, findFacts } from './facts.js'
import { keepingPrevious } from './previous.js'
import { checkServerOnly, lateMarks } from './server-only.js'
import { prerender } from './ssg.js'

/** Each pass that late marks ask for adds one at least; they only follow chains of re-exports. */
const MAX_PASSES = 10

interface Folders {
  clientDir: string
  serverDir: string
}

export function buildPlugin(project: Project, options: EclipsaOptions): Plugin {
  let facts: ClientFacts | undefined
  let isLast = true
  return {
    name: 'eclipsa:build',
    apply: 'build',
    sharedDuringBuild: true,

    configResolved: checkSourcemap,

    async buildStart() {
      await project.open()
    },

    async generateBundle(_output, bundle) {
      if (this.environment.name !== 'client') return
      if ((isLast = lateMarks(project).length === 0)) await checkServerOnly(this, project, bundle)
      facts = await findFacts(this, project, bundle)
    },

    buildApp: {
      order: 'pre',
      async handler(builder) {
        const folder = (name: string): string => resolve(project.config.root, environment(builder, name).config.build.outDir)
        const folders = { clientDir: folder('client'), serverDir: folder('ssr') }
        try {
          await keepingPrevious(Object.values(folders), () => buildBoth(builder, folders))
        } finally {
          await project.close()
        }
      },
    },
  }

  async function buildBoth(builder: ViteBuilder, folders: Folders): Promise<void> {
    await buildClient(builder)
    await cleanClientFiles(folders.clientDir)
    project.manifestText = await project.manifest(facts!.manifest)
    await builder.build(environment(builder, 'ssr'))
    const context = { ...folders, root: project.config.root }
    if (options.ssg) await prerender(project, context)
    else await writeAdapterFiles(project.config, { ...context, base: project.config.base })
    await compressFolder(folders.clientDir, project.app.settings.compress)
  }

  async function buildClient(builder: ViteBuilder): Promise<void> {
    for (let pass = 1; ; pass++) {
      await builder.build(environment(builder, 'client'))
      if (isLast) return
      if (pass === MAX_PASSES) throw new Error(`[eclipsa] the client still changes after ${pass} passes; please report this`)
    }
  }
}

function environment(builder: ViteBuilder, name: string): BuildEnvironment {
  const found = builder.environments[name]
  if (found === undefined) throw new Error(`[eclipsa] vite.config has no environment "${name}", which eclipsa builds`)
  return found
}
