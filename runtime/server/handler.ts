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
}

export type CreateHandler = (capabilities?: Capabilities) => Handler
