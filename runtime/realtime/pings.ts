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

export class Pings {
  readonly #clock: Clock
  readonly #limits: Readonly<Limits>
  readonly #peers = new Set<PingedPeer>()
  #stop: (() => void) | undefined

  constructor(clock: Clock, limits: Readonly<Limits>) {
    this.#clock = clock
    this.#limits = limits
  }

  add(peer: PingedPeer): void {
    this.#peers.add(peer)
    this.#stop ??= this.#clock.every(this.#limits.pingEvery, () => this.#tick())
  }

  delete(peer: PingedPeer): void {
    if (!this.#peers.delete(peer) || this.#peers.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  #tick(): void {
    for (const peer of this.#peers) {
      if (peer.unanswered >= this.#limits.missedPings) {
        peer.lost()
      } else {
        peer.unanswered++
        peer.ping()
      }
    }
  }
}
