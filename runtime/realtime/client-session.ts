/** One session in the browser: a socket, its frames and its pings. */
import { receivedClose } from './close.js'
import { webSocketUrl } from './connection-url.js'
import { realtimeError, whyRefused } from './failure.js'
import { limits } from './limits.js'
import type { RealtimeError } from './types.js'
import { HELLO, PING, messageFrame, readServerFrame } from './wire.js'
import type { ServerFrame } from './wire.js'

/** Who hears of it (the handle). Nothing is said after `leave()` or `ended()`. */
export interface SessionOwner {
  opened(): void
  received(message: unknown): void
  /** The session goes on. */
  failed(error: RealtimeError): void
  ended(error: RealtimeError | undefined): void
}

export class ClientSession {
  readonly #url: URL
  readonly #socket: WebSocket
  /** Undefined once the session is over. */
  #owner: SessionOwner | undefined
  #opened = false
  #pings: ReturnType<typeof setInterval> | undefined
  /** Pings since the last frame of the server. */
  #unanswered = 0
  /** What the server said before it closed. */
  #serverError: string | undefined
  readonly #refusal = new AbortController()

  constructor(url: URL, owner: SessionOwner) {
    this.#url = url
    this.#owner = owner
    this.#socket = new WebSocket(webSocketUrl(url))
    this.#socket.onopen = () => this.#onOpen()
    this.#socket.onmessage = (event) => this.#onMessage(event.data)
    // Browsers say nothing in their error event, and always send a close event after it.
    this.#socket.onclose = (event) => this.#onClose(event.code, event.reason)
  }

  /** @throws SerializationError, before anything is sent. */
  send(message: unknown): void {
    this.#socket.send(messageFrame(message))
  }

  /** Ends it from this side: the owner hears nothing more. */
  leave(code: number, reason: string): void {
    this.#stop()
    this.#socket.close(code, reason)
  }

  #onOpen(): void {
    if (this.#owner === undefined) return
    this.#opened = true
    // Before anything that the owner's readers send: it is the first frame.
    this.#socket.send(HELLO)
    this.#pings = setInterval(() => this.#ping(), limits.pingEvery)
    this.#owner.opened()
  }

  #onMessage(data: unknown): void {
    const owner = this.#owner
    if (owner === undefined) return
    this.#unanswered = 0
    let frame: ServerFrame
    try {
      if (typeof data !== 'string') throw new TypeError("[eclipsa] can't read frame: it is binary")
      frame = readServerFrame(data)
    } catch (cause) {
      owner.failed(realtimeError((cause as Error).message, {}, { cause }))
      return
    }
    if (frame.type === 'message') owner.received(frame.value)
    else if (frame.type === 'error') {
      this.#serverError = frame.error.message
      owner.failed(realtimeError(frame.error.message))
    }
  }

  #onClose(code: number, reason: string): void {
    if (this.#owner === undefined) return
    if (this.#opened) this.#end(this.#closeError(code, reason))
    else void this.#explainRefusal()
  }

  #closeError(rawCode: number, rawReason: string): RealtimeError | undefined {
    const { code, reason } = receivedClose(rawCode, rawReason)
    if (code === 1000 || code === 1005) return undefined
    if (code === 1006) return lost()
    if (code === 1011 && this.#serverError !== undefined) return realtimeError(this.#serverError, { code, reason })
    return realtimeError(`the server closed the session: ${code}${reason && ` ${reason}`}`, { code, reason })
  }

  /** The status stays `connecting` meanwhile: an answer follows within seconds, and then both change together. */
  async #explainRefusal(): Promise<void> {
    this.#end(await whyRefused(this.#url, this.#refusal))
  }

  #ping(): void {
    if (this.#unanswered >= limits.missedPings) {
      this.#end(lost())
      // Its close event comes when the browser gives up, which may take minutes.
      this.#socket.close()
      return
    }
    this.#unanswered++
    this.#socket.send(PING)
  }

  #end(error: RealtimeError | undefined): void {
    const owner = this.#owner
    this.#stop()
    owner?.ended(error)
  }

  #stop(): void {
    this.#owner = undefined
    clearInterval(this.#pings)
    this.#refusal.abort()
  }
}

function lost(): RealtimeError {
  return realtimeError('the connection was lost', { code: 1006, reason: '' })
}
