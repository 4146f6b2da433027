/** Server-only modules that the browser's code still reaches when all is known: an error with the chain of imports. */
import { relative } from 'node:path/posix'
import type { Rollup } from 'vite'
import { cleanId, leadsTo } from '../ids.js'
import { leak } from '../leak.js'
import type { Project } from '../project.js'

/** Stands for a server-only module until it is known whether its importer stays: functions are dropped when nobody uses them, and never inlined. */
export function stubOf(exports: readonly string[]): string {
  const names = exports.filter((name) => name !== 'default')
  return `${names.map((name, index) => `function e${index}() {}\nexport { e${index} as ${/^[\w$]+$/.test(name) ? name : JSON.stringify(name)} };\n`).join('')}export default function () {}\n`
}

/** Files that were transformed before something was marked in them. */
export function lateMarks(project: Project): string[] {
  const late: string[] = []
  for (const [file, marks] of project.removable) {
    const used = project.marked.get(file)
    if (used !== undefined && used !== marks.size) late.push(file)
  }
  return late
}

/** One whose exports nobody uses any more is in no chunk; one that is imported for its effect isn't either. */
export async function checkServerOnly(context: Rollup.PluginContext, project: Project, bundle: Rollup.OutputBundle): Promise<void> {
  const shipped = new Set(Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])))
  for (const [file, path] of project.serverOnly) {
    if (shipped.has(file) || (await isWantedForItsEffect(context, project, file, shipped))) context.error(leak(path, chainOf(context, project, file)))
  }
}

async function isWantedForItsEffect(context: Rollup.PluginContext, project: Project, file: string, shipped: ReadonlySet<string>): Promise<boolean> {
  for (const importer of context.getModuleInfo(file)?.importers ?? []) {
    const client = shipped.has(importer) ? (await project.known(importer))?.client : undefined
    const isBare = client?.imports.some(({ kind, names, specifier }) => kind === 'static' && names.length === 0 && leadsTo(importer, specifier, file))
    if (isBare) return true
  }
  return false
}

function chainOf(context: Rollup.PluginContext, project: Project, file: string): string[] {
  const chain: string[] = []
  const seen = new Set<string>()
  for (let id: string | undefined = file; id !== undefined && !seen.has(id) && !id.startsWith('\0'); ) {
    seen.add(id)
    chain.unshift(relative(project.root, cleanId(id)))
    const info: Rollup.ModuleInfo | null = context.getModuleInfo(id)
    id = info?.importers[0] ?? info?.dynamicImporters[0]
  }
  return chain
}
