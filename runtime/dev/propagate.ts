/** Where a change ends: from the changed modules up their importers to those that accept it. */

/** The live modules, as far as a change goes. */
export interface ImportGraph {
  /** Those that would be evaluated again with the module. */
  importers(id: string): Iterable<string>
  acceptsItself(id: string): boolean
  accepts(importer: string, dep: string): boolean
  /** Imported by more than other live modules: somebody above its importers needs it too. */
  isEntry(id: string): boolean
}

export interface Spread {
  /** To be forgotten: what changed, and everything between it and what accepts it. */
  stale: Set<string>
  /** Stale modules that take their own updates. */
  accepting: Set<string>
  /** By importer that is not stale itself: the stale modules that it accepts. */
  acceptedBy: Map<string, Set<string>>
  /** Stale modules that nothing accepts, with the way there from what changed. */
  roots: { id: string; chain: string[] }[]
}

/** @param passed modules that are up to date and did not accept their own update: only their importers are looked at */
export function propagate(changed: Iterable<string>, graph: ImportGraph, passed: ReadonlySet<string> = new Set()): Spread {
  /** Each visited module with the one that led to it. */
  const cameFrom = new Map<string, string | undefined>()
  const spread: Spread = { stale: new Set(), accepting: new Set(), acceptedBy: new Map(), roots: [] }
  for (const id of [...changed, ...passed]) cameFrom.set(id, undefined)
  for (const id of cameFrom.keys()) {
    if (!passed.has(id)) spread.stale.add(id)
    if (!passed.has(id) && graph.acceptsItself(id)) {
      spread.accepting.add(id)
      continue
    }
    let isTop = true
    for (const importer of graph.importers(id)) {
      if (importer === id) continue
      isTop = false
      if (graph.accepts(importer, id)) addTo(spread.acceptedBy, importer, id)
      else if (!cameFrom.has(importer)) cameFrom.set(importer, id)
    }
    if (isTop || graph.isEntry(id)) spread.roots.push({ id, chain: chainTo(id, cameFrom) })
  }
  // A callback of a module that is evaluated again itself has nobody to tell.
  for (const importer of spread.acceptedBy.keys()) if (spread.stale.has(importer)) spread.acceptedBy.delete(importer)
  return spread
}

function chainTo(id: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const chain = [id]
  for (let from = cameFrom.get(id); from !== undefined; from = cameFrom.get(from)) chain.unshift(from)
  return chain
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key)
  if (known) known.add(value)
  else map.set(key, new Set([value]))
}
