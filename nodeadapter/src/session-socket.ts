/**
 * One session's socket: `ws` for the frames, with writes coalesced. `writev` is half of all CPU
 * (PERFORMANCE.md), so what a session sends within one turn leaves in one: the first send corks the TCP
 * socket, which came to us with the upgrade event and is ours, and `process.nextTick` uncorks it.
 *
 * A subclass, and listeners that find everything on `this`: an idle session is what a server has most of,
 * and costs no wrapper and no closures.
 */
import type { Socket } from 'node:net'
import { WSContext, type WSEvents } from 'hono/ws'
import { WebSocket } from 'ws'

/** A turn that sends more is flushed at once, so that the kernel can work and the backlog is known. */
const turnBytes = 256 * 1024

const flushOf = (session: SessionSocket): void => session.flush()

/** What Hono's WSContext has as `raw`. */
export class SessionSocket extends WebSocket {
  /** The state of `connectEvents`. */
  declare events: WSEvents<SessionSocket>
  declare report: (error: unknown) => void
  declare context: WSContext<SessionSocket>
  /** The TCP connection. */
  declare socket: Socket
  #corked = false
  /** Bytes that the kernel had refused when this turn's first send, or its last flush, happened. */
  #refused = 0

  /** For WSContext, which is made from this. */
  get raw(): this {
    return this
  }

  /**
   * Bytes that the kernel refused at the last flush and has not taken since. What this turn has produced
   * does not count: a healthy reader survives any number of small sends in one turn.
   */
  // @ts-expect-error the types of ws say property; it is an accessor
  override get bufferedAmount(): number {
    return this.#corked ? this.#refused : this.socket.writableLength
  }

  /** Nothing once the session is closing: `ws` would count it as waiting for ever. */
  override send(data: string | Buffer | ArrayBuffer | Uint8Array): void {
    if (this.readyState !== WebSocket.OPEN) return
    if (!this.#corked) this.#cork()
    super.send(data)
    if (this.socket.writableLength - this.#refused > turnBytes) this.flush()
  }

  override ping(): void {
    if (this.readyState === WebSocket.OPEN) super.ping()
  }

  /** Cuts the connection; what the kernel still takes goes out. */
  override terminate(): void {
    this.flush()
    super.terminate()
  }

  flush(): void {
    if (!this.#corked) return
    this.#corked = false
    this.socket.uncork()
  }

  #cork(): void {
    this.#corked = true
    this.#refused = this.socket.writableLength
    this.socket.cork()
    process.nextTick(flushOf, this)
  }
}
