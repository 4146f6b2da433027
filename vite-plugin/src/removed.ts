/**
 * What only removed code imported goes too, across files (DESIGN.md D2): such exports of other modules are marked, and
 * the bundler drops them with their effects unless something else imports them.
 */
import { relative } from 'node:path/posix'
import type { DevEnvironment, Rollup } from 'vite'
import { cleanId, slashed } from './ids.js'
import type { Project } from './project.js'
import type { ImportRecord, TransformAnswer } from './service/protocol.js'

export async function followRemoved(context: Rollup.PluginContext, project: Project, file: string, answer: TransformAnswer): Promise<void> {
  for (const edge of answer.client?.removed ?? []) {
    const found = await context.resolve(edge.specifier, file, { skipSelf: false })
    if (!found || found.external) continue
    const target = project.sourceOf(slashed(found.id))
    if (target !== undefined) mark(project, target, edge)
  }
}

function mark(project: Project, file: string, { names }: ImportRecord): void {
  const marks = project.removable.get(file) ?? new Set()
  for (const name of names) marks.add(name)
  if (marks.size > 0) project.removable.set(file, marks)
}

/** From a module that nobody imports down to this one, by the importers that are known. */
export function chainTo(environment: DevEnvironment, id: string): string[] {
  const { moduleGraph, config } = environment
  const seen = new Set<string>()
  const chain: string[] = []
  for (let node = moduleGraph.getModuleById(id); node?.id && !seen.has(node.id); node = [...node.importers][0]) {
    seen.add(node.id)
    if (node.id.startsWith('\0')) break
    chain.unshift(relative(slashed(config.root), cleanId(node.id)))
  }
  return chain
}
