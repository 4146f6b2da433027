/**
 * One session's socket: `ws` for the frames, with writes coalesced. `writev` is half of all CPU
 * (PERFORMANCE.md), so what a session sends within one turn leaves in one: the first send corks the TCP
 * socket, which came to us with the upgrade event and is ours, and `process.nextTick` uncorks it.
 */
import type { Socket } from 'node:net'
import type { WSContextInit, WSReadyState } from 'hono/ws'
import type { WebSocket } from 'ws'

/** A turn that sends more is flushed at once, so that the kernel can work and the backlog is known. */
const turnBytes = 256 * 1024

const flushOf = (session: SessionSocket): void => session.flush()

/** `WSContext.raw`, and what it is made from. */
export class SessionSocket implements WSContextInit<SessionSocket> {
  #ws: WebSocket
  #socket: Socket
  #corked = false
  /** Bytes that the kernel had refused when this turn's first send, or its last flush, happened. */
  #refused = 0

  constructor(ws: WebSocket, socket: Socket) {
    this.#ws = ws
    this.#socket = socket
  }

  get raw(): SessionSocket {
    return this
  }

  get readyState(): WSReadyState {
    return this.#ws.readyState
  }

  get protocol(): string {
    return this.#ws.protocol
  }

  /**
   * Bytes that the kernel refused at the last flush and has not taken since. What this turn has produced
   * does not count: a healthy reader survives any number of small sends in one turn.
   */
  get bufferedAmount(): number {
    return this.#corked ? this.#refused : this.#socket.writableLength
  }

  send(data: string | ArrayBuffer | Uint8Array): void {
    if (this.#ws.readyState !== 1) return
    if (!this.#corked) this.#cork()
    this.#ws.send(data)
    if (this.#socket.writableLength - this.#refused > turnBytes) {
      this.flush()
    }
  }

  /** Behind everything that was sent, as the frames are in one queue. */
  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason)
  }

  ping(): void {
    if (this.#ws.readyState === 1) this.#ws.ping()
  }

  /** Cuts the connection; what the kernel still takes goes out. */
  terminate(): void {
    this.flush()
    this.#ws.terminate()
  }

  flush(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #cork(): void {
    this.#corked = true
    this.#refused = this.#socket.writableLength
    this.#socket.cork()
    process.nextTick(flushOf, this)
  }
}
