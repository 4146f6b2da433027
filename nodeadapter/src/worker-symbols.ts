/**
 * Which server symbols changed for the sessions that are open: those whose code did, and those that reach a
 * module which was evaluated again, so that no two sessions hold two instances of a Map.
 */
import type { LoadRequest, SymbolState, WorkerModules } from './worker-modules.js'

export interface WorkerSymbols {
  /** Before the modules of a request are evaluated. */
  expect(request: Pick<LoadRequest, 'symbols'>): void
  /** After that: the symbols whose handler is another one since the last call. A load that fails leaves them for the next. */
  changed(): string[]
}

interface Known extends SymbolState {
  /** What it reached when the open sessions got their handler; set while a load is under way or has failed. */
  before?: (object | undefined)[] | undefined
  hashBefore?: string | undefined
}

export function createWorkerSymbols(instance: WorkerModules['instance']): WorkerSymbols {
  const symbols = new Map<string, Known>()
  const gone = new Set<string>()

  return {
    expect({ symbols: news = {} }) {
      for (const known of symbols.values()) {
        known.before ??= known.reaches.map(instance)
        known.hashBefore ??= known.hash
      }
      for (const [id, state] of Object.entries(news)) {
        const known = symbols.get(id)
        if (state === null) {
          symbols.delete(id)
          gone.add(id)
          continue
        }
        gone.delete(id)
        if (known === undefined) symbols.set(id, { ...state })
        else update(known, state, instance)
      }
    },
    changed() {
      const ids = [...gone]
      gone.clear()
      for (const [id, known] of symbols) {
        if (known.before !== undefined && isAnother(known, instance)) ids.push(id)
        known.before = known.hashBefore = undefined
      }
      return ids
    },
  }
}

/** What it reaches now may be more than before; that alone is no other handler. */
function update(known: Known, state: SymbolState, instance: WorkerModules['instance']): void {
  const before = new Map(known.reaches.map((id, index) => [id, known.before?.[index]]))
  known.before = state.reaches.map((id) => (before.has(id) ? before.get(id) : instance(id)))
  known.hash = state.hash
  known.reaches = state.reaches
}

function isAnother(known: Known, instance: WorkerModules['instance']): boolean {
  return known.hash !== known.hashBefore || known.reaches.some((id, index) => instance(id) !== known.before?.[index])
}
