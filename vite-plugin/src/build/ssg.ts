/** `ssg: true`: every page becomes a file of `dist/client`, and `dist/server` goes. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CreateHandler } from '@eclipsa/node/host'
import type { Project } from '../project.js'

/** `export const render = 'dynamic'`, as API.md has it. */
const DYNAMIC = /\bexport\s+const\s+render\s*(?::[^=]+)?=\s*['"]dynamic['"]/

export async function prerender(project: Project, { clientDir, serverDir }: { clientDir: string; serverDir: string }): Promise<void> {
  const { default: createHandler } = (await import(pathToFileURL(join(serverDir, 'index.mjs')).href)) as { default: CreateHandler }
  const handler = createHandler()
  for (const route of project.app.routes) {
    if (route.page === '') continue
    const path = await staticPath(project, route)
    const response = await handler(new Request(new URL(`${project.config.base}${path}`, 'http://localhost')))
    if (response.status !== 200) throw new Error(`[eclipsa] ${route.page} can't be rendered at build time: it answers ${response.status}`)
    const file = join(clientDir, path, 'index.html')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, await response.text())
  }
  await rm(serverDir, { recursive: true, force: true })
}

/** Without slashes around it. */
async function staticPath(project: Project, route: { id: string; page: string }): Promise<string> {
  const reason = /\[/.test(route.id) ? 'its path has parameters' : DYNAMIC.test(await readFile(join(project.root, route.page), 'utf8')) ? 'it says render = "dynamic"' : undefined
  if (reason !== undefined) {
    throw new Error(`[eclipsa] ${route.page} can't be a file: ${reason}. Leave out \`ssg: true\` in vite.config, or make the route static.`)
  }
  return route.id.replace(/^\/|\/$/g, '')
}
