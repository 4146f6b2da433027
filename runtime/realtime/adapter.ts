import type { RealtimeWebSocketAdapter } from './types.js'

/**
 * Types the `realtimeWebSocket` export of `app/+server-entry.ts` and gives it back unchanged: an object
 * with Hono's `upgradeWebSocket` for the host, or a factory that gets eclipsa's Hono app and returns one.
 */
export function defineRealtimeWebSocketAdapter<const Adapter extends RealtimeWebSocketAdapter>(
  adapter: Adapter,
): Adapter {
  return adapter
}
