/**
 * One run of a handler in its session: the connection that the author's code got, what it registered there, and
 * whether it still has a say. A session has one run; in development an edited handler takes over from the one before.
 */
import type { Context } from 'hono'
import { runInScope } from './async-context.js'
import type { AsyncScope } from './async-context.js'
import { Callbacks } from './callbacks.js'
import type { CallbackName, Caller } from './callbacks.js'
import { checkClose, closeCode } from './close.js'
import { createConnection } from './connection.js'
import type { ConnectionTarget } from './connection.js'
import { Inbox } from './inbox.js'
import type { RealtimeCloseEvent, RealtimeHandler } from './types.js'
import { messageFrame } from './wire.js'

/** What a run needs of its session, which is the same for all its runs. */
export interface RunSession {
  readonly c: Context
  readonly input: unknown
  readonly scope: AsyncScope | undefined
  /** False where the client did not get it. */
  transmit(text: string): boolean
  /** Tells the client that the author's code failed. */
  sendError(error: unknown): void
  close(code: number, reason: string): void
  report(error: unknown, during: 'handler' | CallbackName): void
}

/** How a run ends that another one follows. */
const REPLACED: RealtimeCloseEvent = Object.freeze({ code: closeCode.handlerReplaced, reason: 'handler replaced', wasClean: true })

export class HandlerRun implements Caller, ConnectionTarget {
  readonly inbox = new Inbox(this)
  readonly #session: RunSession
  readonly #onClose = new Callbacks<RealtimeCloseEvent>('onClose')
  readonly #onError = new Callbacks<unknown>('onError')
  /** `ending`: the session is over, and the `onClose` callbacks are about to be called. */
  #state: 'live' | 'ending' | 'over' | 'revoked' = 'live'
  #closeEvent: RealtimeCloseEvent | undefined

  constructor(session: RunSession) {
    this.#session = session
  }

  start(handler: RealtimeHandler): void {
    const { scope, c, input } = this.#session
    try {
      const result = runInScope(scope, handler, createConnection(this, c, input))
      if (isThenable(result)) Promise.resolve(result).then(undefined, (error: unknown) => this.#handlerFailed(error))
    } catch (error) {
      this.#handlerFailed(error)
    }
  }

  /** The session is over. Once. The callbacks run later: Bun reports a close inside the call of `close()`. */
  end(event: RealtimeCloseEvent): void {
    this.#state = 'ending'
    this.#closeEvent = event
    queueMicrotask(() => {
      this.#state = 'over'
      this.#onClose.dispatch(event, this)
    })
  }

  /**
   * `next` has the session from now on, and the messages that still wait. This run's code is told that it is over,
   * and can do nothing any more, not even in callbacks that are under way.
   */
  giveWayTo(next: HandlerRun): void {
    this.#state = 'revoked'
    this.#closeEvent = REPLACED
    next.inbox.takeOver(this.inbox)
    this.#onError.clear()
    this.#onClose.dispatch(REPLACED, this)
  }

  /** An error of the socket. */
  failed(error: unknown): void {
    this.#onError.dispatch(error, this)
  }

  // ——— The handler's side: ConnectionTarget.

  send(message: unknown): boolean {
    return this.#state === 'live' && this.#session.transmit(messageFrame(message))
  }

  onMessage(callback: (message: unknown) => unknown): () => void {
    return this.#state === 'revoked' ? doNothing : this.inbox.add(callback)
  }

  onClose(callback: (event: RealtimeCloseEvent) => unknown): () => void {
    const remove = this.#onClose.add(callback)
    if (this.#state === 'live' || this.#state === 'ending') return remove
    remove()
    // After the fact: it is told at once, but not before this function has returned.
    let wanted = true
    queueMicrotask(() => wanted && this.call(callback, this.#closeEvent as RealtimeCloseEvent, 'onClose'))
    return () => {
      wanted = false
    }
  }

  onError(callback: (error: unknown) => unknown): () => void {
    return this.#state === 'revoked' ? doNothing : this.#onError.add(callback)
  }

  close(code: number, reason: string): void {
    checkClose(code, reason)
    if (this.#state === 'live') this.#session.close(code, reason)
  }

  // ——— Caller: every call of the author's callbacks.

  call<T>(callback: (value: T) => unknown, value: T, name: CallbackName): void {
    try {
      const result = runInScope(this.#session.scope, callback, value)
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
      this.#session.c.executionCtx.waitUntil(work)
    } catch {
      // The getter throws on other hosts.
    }
  }

  #callbackFailed(error: unknown, name: CallbackName): void {
    this.#session.report(error, name)
    // No callback after onClose, and no circle where onError itself fails.
    if (this.#state !== 'live' || name === 'onError') return
    this.#session.sendError(error)
    this.#onError.dispatch(error, this)
  }

  #handlerFailed(error: unknown): void {
    this.#session.report(error, 'handler')
    if (this.#state !== 'live') return
    this.#session.sendError(error)
    this.#onError.dispatch(error, this)
    // `onError` may have ended the run.
    if (this.#state === 'live') this.#session.close(closeCode.handlerFailed, 'handler failed')
  }
}

function doNothing(): void {}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
