/** All sessions of one server. */
import type { Context } from 'hono'
import type { WSEvents } from 'hono/ws'
import type { CallbackName } from './callbacks.js'
import { systemClock } from './clock.js'
import type { Clock } from './clock.js'
import { checkClose, closeCode } from './close.js'
import { limits as defaults } from './limits.js'
import type { Limits } from './limits.js'
import { Pings } from './pings.js'
import type { RealtimeSymbol } from './registry.js'
import { HANDLER_REMOVED, ServerSession } from './server-session.js'
import type { SessionKeeper } from './server-session.js'
import type { RealtimeHandler } from './types.js'

/** The symbols of the app that keeps the sessions. */
export interface Symbols {
  /** Whether the app has it, registered or not. */
  has(id: string): boolean
  /** As it was registered last. */
  get(id: string): RealtimeSymbol | undefined
}

export interface SessionsOptions {
  /** Gets what the author's code throws: stage `realtime`, with `{ symbol, during }`. */
  report: (stage: string, error: unknown, details?: object) => void
  /** Error frames say nothing about the error. */
  production: boolean
  symbols: Symbols
  limits?: Readonly<Limits>
  /** Of tests. */
  clock?: Clock
}

/** How all sessions end. */
export interface DrainOptions {
  /** Milliseconds over which the closes are spread (5,000). */
  spreadMs?: number
  /** 1001, and a reason that says so. */
  code?: number
  reason?: string
}

/** How often `drain()` closes some of the sessions, and how long it waits for their last frames. */
const DRAIN_STEP = 50
const LAST_FRAMES = 1_000

export class Sessions implements SessionKeeper {
  readonly clock: Clock
  /** Of the options, all but the clock. They change with the app, in development. */
  #options: SessionsOptions
  #limits: Readonly<Limits>
  readonly #pings: Pings
  /** By symbol: an edited handler is replaced under its open sessions. */
  readonly #open = new Map<string, Set<ServerSession>>()
  /** Over, but the host still writes the close frame or waits for the client's. */
  readonly #closing = new Set<ServerSession>()
  #size = 0
  #draining = false
  #onEmpty: (() => void) | undefined

  constructor(options: SessionsOptions) {
    this.clock = options.clock ?? systemClock
    this.#options = options
    this.#limits = options.limits ?? defaults
    this.#pings = new Pings(this)
  }

  /** Open sessions. */
  get size(): number {
    return this.#size
  }

  /** Development: the sessions belong to another server app from now on. Each keeps its handler until `swap`. */
  changeApp(options: SessionsOptions): void {
    this.#options = options
    this.#limits = options.limits ?? defaults
  }

  /**
   * The events for Hono's `upgradeWebSocket`, of a session that begins when the host opens its socket. To be
   * called in the async context of the request, which the author's callbacks will run in.
   */
  open(symbolId: string, c: Context, input: unknown): WSEvents {
    return new ServerSession(this, symbolId, c, input).events()
  }

  /**
   * Development: the open sessions of these symbols go on under the handlers that are registered now, and their
   * clients see nothing. Sessions whose symbol the app no longer has are closed with 1012, named here or not.
   * Returns how many got another handler; none do once `drain()` was called.
   */
  swap(symbolIds: Iterable<string>): number {
    if (this.#draining) return 0
    for (const id of [...this.#open.keys()]) {
      if (!this.#options.symbols.has(id)) this.#closeRemoved(id)
    }
    let swapped = 0
    for (const id of new Set(symbolIds)) swapped += this.#swapSymbol(id)
    return swapped
  }

  #swapSymbol(id: string): number {
    const group = this.#open.get(id)
    if (group === undefined) return 0
    if (this.handlerOf(id) === undefined) {
      this.report(new Error(`[eclipsa] the module of ${id} has not been evaluated: its sessions keep the handler that they have`), id, 'handler')
      return 0
    }
    let swapped = 0
    // A copy: handlers may close sessions, and others may open.
    for (const session of [...group]) {
      if (this.#swapSession(session)) swapped++
    }
    return swapped
  }

  #closeRemoved(id: string): void {
    for (const session of [...(this.#open.get(id) ?? [])]) session.close(closeCode.handlerReplaced, HANDLER_REMOVED)
  }

  /** All is looked up again for each: the code of one session may swap all of them, or drain. */
  #swapSession(session: ServerSession): boolean {
    const handler = this.handlerOf(session.symbolId)
    return handler !== undefined && !this.#draining && session.swap(handler)
  }

  /**
   * Closes all sessions, spread so that not all clients come back at once. Settles when the hosts
   * have closed their sockets, or a second after the last close.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    const { spreadMs = this.limits.drainSpread, code = closeCode.goingAway, reason = 'server going away' } = options
    checkClose(code, reason)
    this.#draining = true
    const sessions = [...this.#open.values()].flatMap((group) => [...group])
    const steps = Math.max(1, Math.floor(spreadMs / DRAIN_STEP))
    const perStep = Math.ceil(sessions.length / steps)
    for (let i = 0; i < sessions.length; i += perStep) {
      if (i > 0) await this.#pause(DRAIN_STEP)
      for (const session of sessions.slice(i, i + perStep)) session.close(code, reason)
    }
    if (this.#closing.size > 0) await this.#hostsAreDone()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve))
  }

  #hostsAreDone(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(LAST_FRAMES, resolve)
      this.#onEmpty = () => {
        cancel()
        resolve()
      }
    })
  }

  // ——— SessionKeeper.

  get limits(): Readonly<Limits> {
    return this.#limits
  }

  get production(): boolean {
    return this.#options.production
  }

  handlerOf(symbolId: string): RealtimeHandler | undefined {
    const { symbols } = this.#options
    return symbols.has(symbolId) ? symbols.get(symbolId)?.handler : undefined
  }

  report(error: unknown, symbol: string, during: 'handler' | CallbackName): void {
    try {
      this.#options.report('realtime', error, { symbol, during })
    } catch {
      // The author's logger fails; there is nobody left to tell.
    }
  }

  opened(session: ServerSession): boolean {
    this.#size++
    const group = this.#open.get(session.symbolId)
    if (group === undefined) this.#open.set(session.symbolId, new Set([session]))
    else group.add(session)
    if (session.watchPings()) this.#pings.add(session)
    return !this.#draining
  }

  ended(session: ServerSession, hostIsDone: boolean): void {
    this.#size--
    const group = this.#open.get(session.symbolId)
    group?.delete(session)
    if (group?.size === 0) this.#open.delete(session.symbolId)
    this.#pings.delete(session)
    if (!hostIsDone) this.#closing.add(session)
  }

  hostDone(session: ServerSession): void {
    if (this.#closing.delete(session) && this.#closing.size === 0) this.#onEmpty?.()
  }
}
