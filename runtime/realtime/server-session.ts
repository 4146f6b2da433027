/**
 * One session on the server, from the upgrade to its end. What hosts do differently is made the same here
 * (docs/realtime.md): nothing asks a `WSContext` for its state, since on Bun each event brings a new one
 * whose state never changes, and no throw of the author's code reaches the host.
 *
 * The socket, the frames and the request are the session's; what the handler got and registered is its run's.
 */
import type { Context } from 'hono'
import type { WSContext, WSEvents } from 'hono/ws'
import { captureScope } from './async-context.js'
import type { AsyncScope } from './async-context.js'
import type { CallbackName } from './callbacks.js'
import type { Clock } from './clock.js'
import { closeCode, receivedClose } from './close.js'
import { byteLength } from './frame-size.js'
import { HandlerRun } from './handler-run.js'
import type { RunSession } from './handler-run.js'
import type { Limits } from './limits.js'
import { Outbox } from './outbox.js'
import type { RawSocket } from './outbox.js'
import type { PingedPeer } from './pings.js'
import type { RealtimeCloseEvent, RealtimeHandler } from './types.js'
import { PONG, errorFrame, readClientFrame } from './wire.js'
import type { ClientFrame } from './wire.js'

/** What a session needs of those who keep it. */
export interface SessionKeeper {
  readonly limits: Readonly<Limits>
  readonly clock: Clock
  readonly production: boolean
  report(error: unknown, symbolId: string, during: 'handler' | CallbackName): void
  /** The newest handler of a symbol; undefined where it has gone. */
  handlerOf(symbolId: string): RealtimeHandler | undefined
  /** False when no session may open any more. */
  opened(session: ServerSession): boolean
  /** The session is over. `hostIsDone` is false while the host still has to report its close. */
  ended(session: ServerSession, hostIsDone: boolean): void
  /** The host reported the close of a session that ended before. */
  hostDone(session: ServerSession): void
}

/** The reason of the close where an edit took the symbol away. */
export const HANDLER_REMOVED = 'handler removed'

export class ServerSession implements RunSession, PingedPeer {
  readonly symbolId: string
  readonly c: Context
  readonly input: unknown
  readonly scope: AsyncScope | undefined = captureScope()
  unanswered = 0
  readonly #keeper: SessionKeeper
  #phase: 'waiting' | 'open' | 'over' = 'waiting'
  #socket: WSContext | undefined
  #outbox: Outbox | undefined
  /** From the opening on. */
  #run: HandlerRun | undefined
  #badFrames = 0
  /** Workers have no open event, and after some ends no close event either. */
  #hasOpenEvent = false

  constructor(keeper: SessionKeeper, symbolId: string, c: Context, input: unknown) {
    this.#keeper = keeper
    this.symbolId = symbolId
    this.c = c
    this.input = input
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

  // ——— The keeper's side.

  /** No `onClose` callback runs before it returns. */
  close(code: number, reason: string): void {
    if (this.#phase !== 'open') return
    // What waits was not asked for before the end, and nothing arrives after it.
    this.#run?.inbox.clear()
    this.#end({ code, reason, wasClean: true }, false)
    try {
      this.#socket?.close(code, reason)
    } catch {
      // The socket was gone already.
    }
  }

  /** Development: the session goes on under another handler, and its client sees nothing. False unless it is open. */
  swap(handler: RealtimeHandler): boolean {
    const previous = this.#run
    if (this.#phase !== 'open' || previous === undefined) return false
    const next = new HandlerRun(this)
    this.#run = next
    previous.giveWayTo(next)
    // The `onClose` callbacks may have ended the session, or swapped it again.
    if (this.#phase === 'open' && this.#run === next) next.start(handler)
    return true
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

  // ——— The run's side: RunSession.

  transmit(text: string): boolean {
    const outbox = this.#outbox as Outbox
    if (!outbox.isBehind(text.length)) return outbox.send(text)
    this.close(closeCode.tryAgain, 'slow consumer')
    return false
  }

  sendError(error: unknown): void {
    const message = this.#keeper.production ? 'the server failed' : describe(error)
    this.transmit(errorFrame({ name: 'HandlerError', message }))
  }

  report(error: unknown, during: 'handler' | CallbackName): void {
    this.#keeper.report(error, this.symbolId, during)
  }

  // ——— The host's side.

  #open(socket: WSContext): void {
    if (this.#phase !== 'waiting') return
    this.#phase = 'open'
    this.#socket = socket
    this.#outbox = new Outbox(socket, this.#keeper)
    const run = new HandlerRun(this)
    this.#run = run
    if (!this.#keeper.opened(this)) {
      this.close(closeCode.goingAway, 'server going away')
      return
    }
    // Only now: it may have been edited, or removed, since the upgrade.
    const handler = this.#keeper.handlerOf(this.symbolId)
    if (handler === undefined) this.close(closeCode.handlerReplaced, HANDLER_REMOVED)
    else run.start(handler)
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
      if (!this.#run?.inbox.put(frame.value, bytes, limits)) this.close(closeCode.tryAgain, 'too many messages before onMessage')
    } else if (frame.type === 'ping') {
      this.transmit(PONG)
    }
  }

  #badFrame(error: Error): void {
    this.transmit(errorFrame({ name: 'FrameError', message: error.message }))
    if (++this.#badFrames >= this.#keeper.limits.badFrames) this.close(closeCode.policy, 'too many malformed frames')
  }

  #hostFailed(event: unknown, socket: WSContext): void {
    if (this.#phase !== 'open') return
    this.#run?.failed((event as { error?: unknown } | undefined)?.error ?? event)
    // Workers: no close event comes after this one.
    if (socket.readyState === 3) this.#end(receivedClose(undefined, ''), true)
  }

  #hostClosed(event: { code?: number; reason?: string }, socket: WSContext): void {
    // Workers before 2026-04-07 leave the client's close frame to us.
    if (socket.readyState === 2) answerClose(socket, event)
    if (this.#phase === 'over') this.#keeper.hostDone(this)
    else this.#end(receivedClose(event.code, event.reason), true)
  }

  /** Once. */
  #end(event: RealtimeCloseEvent, hostIsDone: boolean): void {
    if (this.#phase === 'over') return
    const wasOpen = this.#phase === 'open'
    this.#phase = 'over'
    if (!wasOpen) return
    this.#keeper.ended(this, hostIsDone || !this.#hasOpenEvent)
    this.#run?.end(event)
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
