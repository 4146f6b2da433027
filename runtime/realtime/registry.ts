/**
 * The server symbols whose modules have been evaluated. Compiled server modules fill it through
 * `realtime("<id>", …middlewares, handler)`; the server app reads it. In the browser it stays empty.
 */
import type { RealtimeHandler, RealtimeMiddleware } from './types.js'

export interface RealtimeSymbol {
  kind: 'realtime'
  middlewares: readonly RealtimeMiddleware[]
  handler: RealtimeHandler
}

const symbols = new Map<string, RealtimeSymbol>()

/** Registering an id again, as an edited module does, replaces the entry. */
export function registerSymbol(id: string, symbol: RealtimeSymbol): void {
  symbols.set(id, symbol)
}

export function registeredSymbol(id: string): RealtimeSymbol | undefined {
  return symbols.get(id)
}
