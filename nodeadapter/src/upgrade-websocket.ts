/**
 * The capability `upgradeWebSocket` for Node, in the shape of Hono's helpers. It only notes the events
 * on the request's `env`: the gate, which owns the socket, upgrades when the whole app has answered, so
 * that every middleware may still refuse.
 */
import type { Context, MiddlewareHandler } from 'hono'
import type { UpgradeWebSocket, WSEvents } from 'hono/ws'
import { type UpgradeEnv, upgradeKey, upgradeResponse } from './upgrade-state.js'
import type { SessionSocket } from './session-socket.js'

export interface UpgradeOptions {
  /** Gets what the events throw; it is logged otherwise. */
  onError?: (error: unknown) => void
}

type Events = WSEvents<SessionSocket>
type CreateEvents = (c: Context) => Events | Promise<Events>

function upgrade(first: CreateEvents | Context, second?: UpgradeOptions | Events, third?: UpgradeOptions): unknown {
  if (typeof first !== 'function') return accept(first, second as Events, third)
  const middleware: MiddlewareHandler = async (c, next) => {
    // Without an upgrade the next handler says 426.
    if (!stateOf(c)) return next()
    return accept(c, await first(c), second as UpgradeOptions | undefined)
  }
  return middleware
}

async function accept(c: Context, events: Events, options?: UpgradeOptions): Promise<Response> {
  const state = stateOf(c)
  if (!state) throw new Error('[eclipsa] upgradeWebSocket: this request is no WebSocket handshake, or its env was copied on the way')
  state.accepted = { events, onError: options?.onError ?? console.error }
  return upgradeResponse()
}

function stateOf(c: Context): UpgradeEnv[typeof upgradeKey] {
  return (c.env as UpgradeEnv | undefined)?.[upgradeKey]
}

export const upgradeWebSocket = upgrade as UpgradeWebSocket<SessionSocket, UpgradeOptions>
