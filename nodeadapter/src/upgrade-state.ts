/**
 * What the gate and `upgradeWebSocket` tell each other through the handler's `env`, which every layer
 * passes on by identity (DESIGN.md D8b). `env` outlives no request.
 */
import type { WSEvents } from 'hono/ws'
import type { NodeEnv } from './types.js'
import type { SessionSocket } from './session-socket.js'

/** The same in every copy of this package: an app may be bundled with one, and served by another. */
export const upgradeKey: unique symbol = Symbol.for('eclipsa.upgrade')

export interface UpgradeState {
  accepted?: Accepted
}

/** The last acceptance counts. */
export interface Accepted {
  events: WSEvents<SessionSocket>
  onError: (error: unknown) => void
}

export interface UpgradeEnv extends NodeEnv {
  [upgradeKey]?: UpgradeState
}

const phrase = 'Switching Protocols'

/**
 * The answer that stands for 101, which `Response` can't be. Middlewares may add headers, which makes
 * a copy: the status text survives that, and marks no answer that replaced this one.
 */
export function upgradeResponse(): Response {
  return new Response(null, { status: 200, statusText: phrase })
}

export function isUpgradeResponse(response: Response): boolean {
  return response.status === 200 && response.statusText === phrase
}
