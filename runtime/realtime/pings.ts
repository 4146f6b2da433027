/**
 * WebSocket pings to the clients of one server, on one timer: Node never notices by itself that a peer is gone.
 * Only for sockets that tell of pongs (`ws`). Bun and Deno ping by themselves, Workers can't.
 */
import type { Clock } from './clock.js'
import type { Limits } from './limits.js'

export interface PingedPeer {
  /** Pings since its last frame of any kind; the peer sets it to zero. */
  unanswered: number
  ping(): void
  /** It answered none of the last pings. */
  lost(): void
}

/** Read each time: the limits may change with the server app (development). */
interface PingSettings {
  readonly clock: Clock
  readonly limits: Readonly<Limits>
}

/** In how many groups the peers are pinged, one after the other: all at once would be a stall, and a burst on the network. */
const GROUPS = 30

export class Pings {
  readonly #settings: PingSettings
  readonly #groups: readonly Set<PingedPeer>[] = Array.from({ length: GROUPS }, () => new Set<PingedPeer>())
  #size = 0
  /** The group that the next peer joins; in turn, since those that come at once would else be pinged at once. */
  #joining = 0
  /** The group that is pinged next. */
  #due = 0
  #stop: (() => void) | undefined

  constructor(settings: PingSettings) {
    this.#settings = settings
  }

  add(peer: PingedPeer): void {
    this.#group(this.#joining).add(peer)
    this.#joining = (this.#joining + 1) % GROUPS
    this.#size++
    const { clock, limits } = this.#settings
    this.#stop ??= clock.every(limits.pingEvery / GROUPS, () => this.#pingGroup())
  }

  delete(peer: PingedPeer): void {
    // Looking through them is cheaper than a number in every session.
    if (!this.#groups.some((group) => group.delete(peer)) || --this.#size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  #pingGroup(): void {
    const group = this.#group(this.#due)
    this.#due = (this.#due + 1) % GROUPS
    for (const peer of group) {
      if (peer.unanswered >= this.#settings.limits.missedPings) {
        peer.lost()
      } else {
        peer.unanswered++
        peer.ping()
      }
    }
  }

  #group(index: number): Set<PingedPeer> {
    return this.#groups[index] as Set<PingedPeer>
  }
}
