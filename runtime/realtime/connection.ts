/** What the handler gets of a session. Each is a function of its own, so that it may be taken off the object. */
import type { Context } from 'hono'
import type { RealtimeCloseEvent, RealtimeConnection } from './types.js'

/** The side of a session that its handler uses. */
export interface ConnectionTarget {
  send(message: unknown): boolean
  onMessage(callback: (message: unknown) => unknown): () => void
  onClose(callback: (event: RealtimeCloseEvent) => unknown): () => void
  onError(callback: (error: unknown) => unknown): () => void
  close(code: number, reason: string): void
}

export function createConnection(target: ConnectionTarget, c: Context, input: unknown): RealtimeConnection {
  return {
    input,
    c,
    send: (message) => target.send(message),
    onMessage: (callback) => target.onMessage(callback),
    onClose: (callback) => target.onClose(callback),
    onError: (callback) => target.onError(callback),
    close: (code = 1000, reason = '') => target.close(code, reason),
  }
}
