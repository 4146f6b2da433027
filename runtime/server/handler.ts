/** What a host gives to the server app, and what it gets: the contract of `dist/server/index.mjs`. */
import type { DrainOptions } from '../realtime/session.js'
import type { RealtimeUpgradeWebSocket } from '../realtime/types.js'

/** Called with what went wrong; `stage` says where (`page`, `middleware`, `realtime` …). */
export type Report = (stage: string, error: unknown, details?: object) => void

export interface Capabilities {
  /** Hono's WebSocket helper for this host; without it realtime answers 501. */
  upgradeWebSocket?: RealtimeUpgradeWebSocket
  /** Default: `console.error`. */
  report?: Report
  /** Development only: the answer to a request whose page failed to render. */
  showError?: (error: unknown) => Response
  /**
   * Development only: the handler that this one takes over from. Both then have the same sessions: those that are open
   * stay open, under the handlers they have until `swap()`, and `drain()` of either closes all.
   */
  replaces?: Handler
}

/** The part of an HTTP server that adapters may rely on. */
export interface UpgradeServer {
  on(name: 'upgrade', listener: (...args: never[]) => void): unknown
  listenerCount(name: string): number
}

export interface Handler {
  /** `request`, `env` and `ctx` go through by identity (Bun and Node need `env`, Deno the very request). */
  (request: Request, env?: unknown, ctx?: unknown): Promise<Response>
  /** Set when the app brings its own adapter that wants the server's upgrade events. */
  injectWebSocket?: (server: UpgradeServer) => void
  /** Closes every session with 1001, spread over 5 s unless told otherwise; resolves when the last is closed. */
  drain(options?: DrainOptions): Promise<void>
  /**
   * Development only, after the modules of edited symbols were evaluated: open sessions of these symbol ids go on under
   * the handler that is registered now, and their clients see nothing. Closes the sessions whose symbol the app no longer
   * has with 1012 "handler removed". Returns how many sessions got another handler: none once `drain()` was called.
   */
  swap(ids: Iterable<string>): number
}

export type CreateHandler = (capabilities?: Capabilities) => Handler
