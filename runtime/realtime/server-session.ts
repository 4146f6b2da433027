/**
 * One session on the server, from the upgrade to its end. What hosts do differently is made the same here
 * (docs/realtime.md): nothing asks a `WSContext` for its state, since on Bun each event brings a new one
 * whose state never changes, and no throw of the author's code reaches the host.
 */
import type { Context } from 'hono'
import type { WSContext, WSEvents } from 'hono/ws'
import { captureScope, runInScope } from './async-context.js'
import type { AsyncScope } from './async-context.js'
import { Callbacks } from './callbacks.js'
import type { CallbackName, Caller } from './callbacks.js'
import type { Clock } from './clock.js'
import { checkClose, closeCode, receivedClose } from './close.js'
import { createConnection } from './connection.js'
import type { ConnectionTarget } from './connection.js'
import { byteLength } from './frame-size.js'
import { Inbox } from './inbox.js'
import type { Limits } from './limits.js'
import { Outbox } from './outbox.js'
import type { RawSocket } from './outbox.js'
import type { PingedPeer } from './pings.js'
import type { RealtimeSymbol } from './registry.js'
import type { RealtimeCloseEvent, RealtimeConnection } from './types.js'
import { PONG, errorFrame, messageFrame, readClientFrame } from './wire.js'
import type { ClientFrame } from './wire.js'

/** What a session needs of those who keep it. */
export interface SessionKeeper {
  readonly limits: Readonly<Limits>
  readonly clock: Clock
  readonly production: boolean
  report(error: unknown, symbolId: string, during: 'handler' | CallbackName): void
  /** False when no session may open any more. */
  opened(session: ServerSession): boolean
  /** The session is over. `hostIsDone` is false while the host still has to report its close. */
  ended(session: ServerSession, hostIsDone: boolean): void
  /** The host reported the close of a session that ended before. */
  hostDone(session: ServerSession): void
}

export class ServerSession implements Caller, ConnectionTarget, PingedPeer {
  readonly symbolId: string
  unanswered = 0
  readonly #keeper: SessionKeeper
  readonly #symbol: RealtimeSymbol
  readonly #connection: RealtimeConnection
  readonly #scope: AsyncScope | undefined = captureScope()
  readonly #inbox: Inbox
  readonly #onClose = new Callbacks<RealtimeCloseEvent>('onClose')
  readonly #onError = new Callbacks<unknown>('onError')
  #phase: 'waiting' | 'open' | 'over' = 'waiting'
  #socket: WSContext | undefined
  #outbox: Outbox | undefined
  /** Set when the session is over and its `onClose` callbacks have been called, or are about to be. */
  #closeEvent: RealtimeCloseEvent | undefined
  #closeDelivered = false
  #badFrames = 0
  /** Workers have no open event, and after some ends no close event either. */
  #hasOpenEvent = false

  constructor(keeper: SessionKeeper, symbolId: string, symbol: RealtimeSymbol, c: Context, input: unknown) {
    this.#keeper = keeper
    this.symbolId = symbolId
    this.#symbol = symbol
    this.#inbox = new Inbox(this, keeper.limits)
    this.#connection = createConnection(this, c, input)
  }

  /** All four from the start: Workers look once which there are. */
  events(): WSEvents {
    return {
      onOpen: (_event, socket) => {
        this.#hasOpenEvent = true
        this.#open(socket)
      },
      onMessage: (event, socket) => {
        this.#open(socket)
        this.#receive(event.data)
      },
      onClose: (event, socket) => this.#hostClosed(event, socket),
      onError: (event, socket) => this.#hostFailed(event, socket),
    }
  }

  // ——— The handler's side: ConnectionTarget.

  send(message: unknown): boolean {
    return this.#phase === 'open' && this.#transmit(messageFrame(message))
  }

  onMessage(callback: (message: unknown) => unknown): () => void {
    return this.#inbox.add(callback)
  }

  onClose(callback: (event: RealtimeCloseEvent) => unknown): () => void {
    const remove = this.#onClose.add(callback)
    if (!this.#closeDelivered) return remove
    remove()
    // After the fact: it is told at once, but not before this function has returned.
    let wanted = true
    queueMicrotask(() => wanted && this.call(callback, this.#closeEvent as RealtimeCloseEvent, 'onClose'))
    return () => {
      wanted = false
    }
  }

  onError(callback: (error: unknown) => unknown): () => void {
    return this.#onError.add(callback)
  }

  close(code: number, reason: string): void {
    checkClose(code, reason)
    if (this.#phase !== 'open') return
    // What waits was not asked for before the end, and nothing arrives after it.
    this.#inbox.clear()
    this.#end({ code, reason, wasClean: true }, false)
    try {
      this.#socket?.close(code, reason)
    } catch {
      // The socket was gone already.
    }
  }

  // ——— PingedPeer.

  ping(): void {
    try {
      this.#raw().ping?.()
    } catch {
      // Between the socket's end and its close event.
    }
  }

  lost(): void {
    this.#end(receivedClose(closeCode.lost, ''), false)
    // Not close(): its handshake would wait for the peer that is gone.
    this.#raw().terminate?.()
  }

  // ——— Caller: every call of the author's code.

  call<T>(callback: (value: T) => unknown, value: T, name: CallbackName): void {
    try {
      const result = runInScope(this.#scope, callback, value)
      if (isThenable(result)) this.#watch(result, name)
    } catch (error) {
      this.#callbackFailed(error, name)
    }
  }

  /** Apart, so that the closure is made for promises only. */
  #watch(result: PromiseLike<unknown>, name: CallbackName): void {
    const settled = Promise.resolve(result).then(undefined, (error: unknown) => this.#callbackFailed(error, name))
    if (name === 'onClose') this.#waitUntil(settled)
  }

  /** Workers drop what runs after the close, unless they are told of it. */
  #waitUntil(work: Promise<unknown>): void {
    try {
      this.#connection.c.executionCtx.waitUntil(work)
    } catch {
      // The getter throws on other hosts.
    }
  }

  #callbackFailed(error: unknown, name: CallbackName): void {
    this.#keeper.report(error, this.symbolId, name)
    // No callback after onClose, and no circle where onError itself fails.
    if (this.#phase !== 'open' || name === 'onError') return
    this.#sendError(error)
    this.#onError.dispatch(error, this)
  }

  // ——— The host's side.

  #open(socket: WSContext): void {
    if (this.#phase !== 'waiting') return
    this.#phase = 'open'
    this.#socket = socket
    this.#outbox = new Outbox(socket, this.#keeper.clock, this.#keeper.limits)
    if (!this.#keeper.opened(this)) {
      this.close(closeCode.goingAway, 'server going away')
      return
    }
    try {
      const result = runInScope(this.#scope, this.#symbol.handler, this.#connection)
      if (isThenable(result)) Promise.resolve(result).then(undefined, (error: unknown) => this.#handlerFailed(error))
    } catch (error) {
      this.#handlerFailed(error)
    }
  }

  #handlerFailed(error: unknown): void {
    this.#keeper.report(error, this.symbolId, 'handler')
    if (this.#phase !== 'open') return
    this.#sendError(error)
    this.#onError.dispatch(error, this)
    this.close(closeCode.handlerFailed, 'handler failed')
  }

  #receive(data: unknown): void {
    if (this.#phase !== 'open') return
    this.unanswered = 0
    const { limits } = this.#keeper
    if (typeof data !== 'string') {
      this.close(closeCode.unsupportedData, 'binary frames are not accepted')
      return
    }
    const bytes = byteLength(data, limits.message)
    if (bytes > limits.message) {
      this.close(closeCode.tooBig, 'message too big')
      return
    }
    let frame: ClientFrame
    try {
      frame = readClientFrame(data)
    } catch (error) {
      this.#badFrame(error as Error)
      return
    }
    if (frame.type === 'message') {
      if (!this.#inbox.put(frame.value, bytes)) this.close(closeCode.tryAgain, 'too many messages before onMessage')
    } else if (frame.type === 'ping') {
      this.#transmit(PONG)
    }
  }

  #badFrame(error: Error): void {
    this.#transmit(errorFrame({ name: 'FrameError', message: error.message }))
    if (++this.#badFrames >= this.#keeper.limits.badFrames) this.close(closeCode.policy, 'too many malformed frames')
  }

  #hostFailed(event: unknown, socket: WSContext): void {
    if (this.#phase !== 'open') return
    this.#onError.dispatch((event as { error?: unknown } | undefined)?.error ?? event, this)
    // Workers: no close event comes after this one.
    if (socket.readyState === 3) this.#end(receivedClose(undefined, ''), true)
  }

  #hostClosed(event: { code?: number; reason?: string }, socket: WSContext): void {
    // Workers before 2026-04-07 leave the client's close frame to us.
    if (socket.readyState === 2) answerClose(socket, event)
    if (this.#phase === 'over') this.#keeper.hostDone(this)
    else this.#end(receivedClose(event.code, event.reason), true)
  }

  /** Once. The callbacks run later: Bun reports a close inside the call of `close()`. */
  #end(event: RealtimeCloseEvent, hostIsDone: boolean): void {
    if (this.#phase === 'over') return
    const wasOpen = this.#phase === 'open'
    this.#phase = 'over'
    this.#closeEvent = event
    if (!wasOpen) return
    this.#keeper.ended(this, hostIsDone || !this.#hasOpenEvent)
    queueMicrotask(() => {
      this.#closeDelivered = true
      this.#onClose.dispatch(event, this)
    })
  }

  // ——— Sending.

  #transmit(text: string): boolean {
    if (this.#outbox?.send(text)) return true
    this.close(closeCode.tryAgain, 'slow consumer')
    return false
  }

  #sendError(error: unknown): void {
    const message = this.#keeper.production ? 'the server failed' : describe(error)
    this.#transmit(errorFrame({ name: 'HandlerError', message }))
  }

  #raw(): RawSocket {
    return (this.#socket?.raw ?? {}) as RawSocket
  }

  /** Calls back for each ping and pong of the client, where the host shows them. False where it doesn't. */
  watchPings(): boolean {
    const raw = this.#raw()
    if (typeof raw.ping !== 'function' || typeof raw.on !== 'function') return false
    const alive = (): void => {
      this.unanswered = 0
    }
    raw.on('pong', alive)
    raw.on('ping', alive)
    return true
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

function answerClose(socket: WSContext, { code, reason }: { code?: number; reason?: string }): void {
  try {
    if (code === undefined || code === 1005) socket.close()
    else socket.close(code, reason)
  } catch {
    // An illegal code that the host let through; the host ends the socket by itself.
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
