/** A host without network: sockets that record what they are asked to do, and a clock that tests turn. */
import type { Context } from 'hono'
import type { WSContext, WSEvents } from 'hono/ws'
import type { Clock } from '../clock.js'
import { limits } from '../limits.js'
import type { Limits } from '../limits.js'
import type { RealtimeSymbol } from '../registry.js'
import { Sessions } from '../session.js'
import type { RealtimeConnection, RealtimeHandler } from '../types.js'

export class FakeClock implements Clock {
  now = 0
  turns = 0
  #timers: { at: number; every: number; fn: () => void }[] = []

  every(ms: number, fn: () => void): () => void {
    return this.#add({ at: this.now + ms, every: ms, fn })
  }

  after(ms: number, fn: () => void): () => void {
    return this.#add({ at: this.now + ms, every: 0, fn })
  }

  turn(): number {
    return this.turns
  }

  get pending(): number {
    return this.#timers.length
  }

  /** Runs what is due, in order, and lets promises settle after each. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.now = next.at
      this.turns++
      if (next.every > 0) next.at += next.every
      else this.#timers = this.#timers.filter((timer) => timer !== next)
      next.fn()
      await settle()
    }
    this.now = end
    this.turns++
  }

  #add(timer: { at: number; every: number; fn: () => void }): () => void {
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
}

/** All microtasks, and those that they make. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What `ws` has beside Hono's interface. */
export class FakeRaw {
  bufferedAmount = 0
  pings = 0
  terminated = false
  readonly listeners = new Map<string, () => void>()

  ping(): void {
    this.pings++
  }

  terminate(): void {
    this.terminated = true
  }

  on(event: string, listener: () => void): void {
    this.listeners.set(event, listener)
  }
}

export class FakeSocket {
  readonly sent: string[] = []
  closed: [number | undefined, string | undefined] | undefined
  readyState = 1
  onSend: (() => void) | undefined
  onClosing: (() => void) | undefined

  constructor(readonly raw: object | undefined = new FakeRaw()) {}

  send(text: string): void {
    this.onSend?.()
    this.sent.push(text)
  }

  close(code?: number, reason?: string): void {
    this.closed ??= [code, reason]
    this.onClosing?.()
  }

  /** The values of the message frames. */
  get messages(): unknown[] {
    return this.frames.filter(({ type }) => type === 'message').map(({ value }) => value)
  }

  get frames(): { type: string; value?: unknown; error?: { name: string; message: string } }[] {
    return this.sent.map((text) => JSON.parse(text))
  }
}

export class FakeHost {
  readonly clock = new FakeClock()
  readonly reports: { stage: string; error: unknown; details: object | undefined }[] = []
  readonly symbols = new Map<string, RealtimeSymbol>()
  readonly sessions: Sessions

  constructor(options: { production?: boolean; limits?: Partial<Limits> } = {}) {
    this.sessions = new Sessions({
      report: (stage, error, details) => this.reports.push({ stage, error, details }),
      production: options.production ?? true,
      symbols: this.symbols,
      limits: { ...limits, ...options.limits },
      clock: this.clock,
    })
  }

  /** What evaluating the module of a symbol does. */
  register(handler: RealtimeHandler<any, any, any>, id = 'useRoom-1'): void {
    this.symbols.set(id, { kind: 'realtime', middlewares: [], handler })
  }

  /** What an edit of the handler does: how many sessions got it. */
  edit(handler: RealtimeHandler<any, any, any>, id = 'useRoom-1'): number {
    this.register(handler, id)
    return this.sessions.swap([id])
  }

  /** A session up to the upgrade. */
  accept(handler: RealtimeHandler<any, any, any>, input?: unknown, socket = new FakeSocket(), id = 'useRoom-1'): Peer {
    this.register(handler, id)
    const c = { get executionCtx(): never { throw new Error('not on Workers') } } as unknown as Context
    return new Peer(this.sessions.open(id, c, input), socket)
  }

  /** One that is open, with its connection. */
  open(handler: RealtimeHandler<any, any, any> = () => {}, socket?: FakeSocket): Peer & { connection: RealtimeConnection<any, any, any> } {
    let connection: RealtimeConnection | undefined
    const peer = this.accept((given) => {
      connection = given
      return handler(given)
    }, undefined, socket)
    peer.opens()
    return Object.assign(peer, { connection: connection as unknown as RealtimeConnection<any, any, any> })
  }
}

/** The client, as the host's events show it. */
export class Peer {
  constructor(
    readonly events: WSEvents,
    readonly socket: FakeSocket,
  ) {}

  /** As Bun does it: a new context for each event, whose state never changes. */
  #context(): WSContext {
    const { socket } = this
    return {
      raw: socket.raw,
      readyState: socket.readyState,
      send: (text: string) => socket.send(text),
      close: (code?: number, reason?: string) => socket.close(code, reason),
    } as unknown as WSContext
  }

  opens(): this {
    this.events.onOpen?.({} as Event, this.#context())
    return this
  }

  says(data: unknown): this {
    this.events.onMessage?.({ data } as MessageEvent, this.#context())
    return this
  }

  message(value: unknown): this {
    return this.says(JSON.stringify({ type: 'message', value }))
  }

  fails(error: unknown, readyState = 1): this {
    this.socket.readyState = readyState
    this.events.onError?.({ error } as unknown as Event, this.#context())
    return this
  }

  closes(code?: number, reason?: string, readyState = 3): this {
    this.socket.readyState = readyState
    this.events.onClose?.({ code, reason } as CloseEvent, this.#context())
    return this
  }
}
