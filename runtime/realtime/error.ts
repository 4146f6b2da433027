/** What `handle.error` holds. */
import type { RealtimeError } from './types.js'

interface Details {
  status?: number
  code?: number
  reason?: string
}

/** Properties that are not known are absent, so that `'status' in error` and a printed error tell the truth. */
export function realtimeError(message: string, details: Details = {}, options?: ErrorOptions): RealtimeError {
  const error = new Error(message, options)
  error.name = 'RealtimeError'
  return Object.assign(error, details)
}
