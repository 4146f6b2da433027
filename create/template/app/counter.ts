import type { RealtimeConnection } from 'eclipsa'

/** What every open page shows. */
export interface State {
  count: number
  people: number
}

/** What a page may send. */
export interface Step {
  by: 1 | -1
}

type Visitor = RealtimeConnection<undefined, Step, State>

/** All sessions share this module: what it holds is on the server, and the same for everybody. */
const visitors = new Set<Visitor>()
let count = 0

/** Runs once for each page that connects, until the page is gone. */
export function join(visitor: Visitor): void {
  visitor.onMessage((step) => {
    // The type is a promise of our own page; anybody can send anything.
    if (step?.by !== 1 && step?.by !== -1) return
    count += step.by
    tellEverybody()
  })
  visitor.onClose(() => {
    visitors.delete(visitor)
    tellEverybody()
  })
  visitors.add(visitor)
  tellEverybody()
}

function tellEverybody(): void {
  for (const visitor of visitors) visitor.send({ count, people: visitors.size })
}
