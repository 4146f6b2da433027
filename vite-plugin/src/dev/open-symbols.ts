/** Which server symbols are others after an edit, for the sessions that are open; the rule is the worker's. */
import { createSymbolStates, type SymbolState } from '@eclipsa/node/host'
import type { RunnableDevEnvironment } from 'vite'
import { cleanId, partId } from '../ids.js'
import type { Project } from '../project.js'
import type { PartDep, TransformAnswer } from '../service/protocol.js'
import { instanceOf } from './graph.js'

export class OpenSymbols {
  readonly #project: Project
  readonly #environment: () => RunnableDevEnvironment
  readonly #states = createSymbolStates((id) => instanceOf(this.#environment(), id))
  /** What the sessions have, by file. */
  #known = new Map<string, Set<string>>()

  constructor(project: Project, environment: () => RunnableDevEnvironment) {
    this.#project = project
    this.#environment = environment
  }

  /**
   * To be called twice for each edit: before it is looked at, for what the open sessions have, and before anything is
   * evaluated again, for what they are to have.
   */
  async note(): Promise<void> {
    this.#states.expect({ symbols: await this.#read() })
  }

  /** What a failed update left counts, too. */
  changed(): string[] {
    return this.#states.changed()
  }

  async #read(): Promise<Record<string, SymbolState | null>> {
    const states: Record<string, SymbolState | null> = {}
    const known = new Map<string, Set<string>>()
    for await (const [file, answer] of this.#project.all()) {
      for (const symbol of answer.symbols) states[symbol.id] = { hash: symbol.hash, reaches: await this.#reaches(file, answer, symbol.reaches) }
      known.set(file, new Set(answer.symbols.map(({ id }) => id)))
    }
    for (const ids of this.#known.values()) for (const id of ids) if (!Object.hasOwn(states, id)) states[id] = null
    this.#known = known
    return states
  }

  /** Ids of the modules that a symbol's code mentions; a file that stays whole is one itself. */
  async #reaches(file: string, answer: TransformAnswer, deps: PartDep[]): Promise<string[]> {
    if (!answer.server?.parts?.length) return [file]
    const ids: string[] = []
    for (const { part, import: index, names } of deps) {
      if (part !== '') {
        ids.push(partId(file, part))
        continue
      }
      const specifier = answer.server.imports[index]?.specifier
      const found = specifier === undefined ? null : await this.#environment().pluginContainer.resolveId(specifier, file)
      if (found === null || found.external) continue
      const target = cleanId(found.id)
      const exportParts = (await this.#project.known(target))?.server?.exportParts
      if (exportParts === undefined || names.length === 0) ids.push(found.id)
      else for (const name of names) ids.push(partId(target, exportParts[name] ?? ''))
    }
    return ids
  }
}
