/** `realtime()`: what the author calls, and what the compiler makes of that call. */
import type { Env } from 'hono'
import { registerSymbol } from './registry.js'
import type { RealtimeHandle, RealtimeHandler, RealtimeMiddleware } from './types.js'
import { useHandle } from './use-handle.js'

/**
 * Declares a session between a component and the server, at module scope. Returns a hook: each component that
 * calls it gets a handle of its own. The middlewares run before the connection is accepted; any of them may
 * answer instead.
 *
 * The types come from the three type arguments, or from the handler's annotated `RealtimeConnection`. With
 * explicit type arguments `connection.c.var` is loosely typed; annotate for exact types.
 *
 *     const useRoom = realtime<Input, ClientMessage, ServerMessage>(requireUser, (connection) => { … })
 */
export function realtime<Input = unknown, ClientMessage = unknown, ServerMessage = unknown, E extends Env = any>(
  ...args: [
    ...middlewares: RealtimeMiddleware[],
    handler: RealtimeHandler<Input, ClientMessage, ServerMessage, E>,
  ]
): () => RealtimeHandle<Input, ClientMessage, ServerMessage>
/** The compiled forms: `realtime("id")` in the browser, `realtime("id", …middlewares, handler)` on the server. */
export function realtime(...args: unknown[]): () => RealtimeHandle {
  const [id, ...functions] = args
  if (typeof id !== 'string') throw new Error(NOT_COMPILED)
  if (functions.length > 0) {
    registerSymbol(id, {
      kind: 'realtime',
      middlewares: functions.slice(0, -1) as RealtimeMiddleware[],
      handler: functions.at(-1) as RealtimeHandler,
    })
  }
  return () => useHandle(id)
}

const NOT_COMPILED =
  '[eclipsa] realtime() was called without being compiled: run the app with `eclipsa dev` or `eclipsa build`, ' +
  'or add `eclipsa()` from "eclipsa/vite" to the plugins of your Vite config.'
