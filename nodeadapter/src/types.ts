/**
 * What a host needs to know of the server app (`createApp` in `eclipsa/server`): the contract of
 * docs/architecture.md, written down structurally, since the app that arrives here was bundled.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UpgradeWebSocket } from 'hono/ws'

export type CreateHandler = (capabilities?: Capabilities) => Handler

/** What a host hands in. */
export interface Capabilities {
  upgradeWebSocket?: UpgradeWebSocket<any>
  report?: (stage: string, error: unknown, details?: object) => void
  /** In development: the worker's answer for an error of the app. */
  showError?: (error: unknown) => Response
  /** In development: the handler whose open sessions this one takes over. */
  replaces?: Handler
}

export interface Handler {
  (request: Request, env?: unknown, ctx?: unknown): Promise<Response>
  /** Set when the app brought an adapter of its own that listens for upgrades. */
  injectWebSocket?: (server: UpgradeEvents) => unknown
  /** Closes all sessions: 1001, or with the given code and reason. */
  drain(options?: DrainOptions): Promise<void>
  /** In development: gives open sessions of these symbols the handler that is registered now; returns how many. */
  swap?(ids: Iterable<string>): number
}

export interface DrainOptions {
  spreadMs?: number
  code?: number
  reason?: string
}

/** What adapters get in place of the HTTP server; they may rely on these two only. */
export interface UpgradeEvents {
  on(name: string, listener: (...args: any[]) => unknown): unknown
  listenerCount(name: string): number
}

/** The handler's `env` on Node. Upgrades have no `outgoing`. */
export interface NodeEnv {
  incoming: IncomingMessage
  outgoing: ServerResponse | undefined
}
