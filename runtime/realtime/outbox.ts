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

/** Read each time: the limits may change with the server app (development). */
interface OutboxSettings {
  readonly clock: Clock
  readonly limits: Readonly<Limits>
}

export class Outbox {
  readonly #socket: WSContext
  readonly #raw: RawSocket
  readonly #settings: OutboxSettings
  #turn = -1
  /** Since the backlog was looked at. */
  #unlooked = 0

  constructor(socket: WSContext, settings: OutboxSettings) {
    this.#socket = socket
    this.#raw = (socket.raw ?? {}) as RawSocket
    this.#settings = settings
  }

  /** False where the socket is gone; the host's close event follows. */
  send(text: string): boolean {
    try {
      this.#socket.send(text)
      return true
    } catch {
      // Workers throw after the end, other hosts don't.
      return false
    }
  }

  /**
   * Whether the client is too slow to get `size` more. To be asked before each `send`.
   *
   * What is unsent when a turn begins was refused by the kernel in an earlier one, and counts in full. Within
   * a turn a healthy client had no chance to read yet: there only an excess does, so that memory has a bound.
   */
  isBehind(size: number): boolean {
    const { clock, limits } = this.#settings
    const turn = clock.turn()
    const isNewTurn = turn !== this.#turn
    this.#unlooked += size
    if (!isNewTurn && this.#unlooked < limits.turnBytes) return false
    this.#turn = turn
    this.#unlooked = size
    const unsent = this.#raw.bufferedAmount ?? this.#raw.getBufferedAmount?.() ?? 0
    return unsent > (isNewTurn ? limits.backlog : limits.turnBacklog)
  }
}
