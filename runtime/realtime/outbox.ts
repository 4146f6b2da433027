/** What a session sends, and how far its client is behind. */
import type { WSContext } from 'hono/ws'
import type { Clock } from './clock.js'
import type { Limits } from './limits.js'

/** What hosts add to a socket beside Hono's interface. */
export interface RawSocket {
  bufferedAmount?: number
  /** Bun's name for it. */
  getBufferedAmount?: () => number
  ping?: () => void
  terminate?: () => void
  on?: (event: string, listener: () => void) => unknown
}

export class Outbox {
  readonly #socket: WSContext
  readonly #raw: RawSocket
  readonly #clock: Clock
  readonly #limits: Readonly<Limits>
  #turn = -1
  /** Since the backlog was looked at. */
  #unlooked = 0

  constructor(socket: WSContext, clock: Clock, limits: Readonly<Limits>) {
    this.#socket = socket
    this.#raw = (socket.raw ?? {}) as RawSocket
    this.#clock = clock
    this.#limits = limits
  }

  /** False where the client is too slow to get it. */
  send(text: string): boolean {
    if (this.#isBehind(text.length)) return false
    try {
      this.#socket.send(text)
      return true
    } catch {
      // Workers throw when the socket is gone; the close event follows.
      return true
    }
  }

  /**
   * What is unsent when a turn begins was refused by the kernel in an earlier one, and counts in full. Within
   * a turn a healthy client had no chance to read yet: there only an excess does, so that memory has a bound.
   */
  #isBehind(size: number): boolean {
    const turn = this.#clock.turn()
    const isNewTurn = turn !== this.#turn
    this.#unlooked += size
    if (!isNewTurn && this.#unlooked < this.#limits.turnBytes) return false
    this.#turn = turn
    this.#unlooked = size
    const unsent = this.#raw.bufferedAmount ?? this.#raw.getBufferedAmount?.() ?? 0
    return unsent > (isNewTurn ? this.#limits.backlog : this.#limits.turnBacklog)
  }
}
