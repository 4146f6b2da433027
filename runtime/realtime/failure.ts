/** What `handle.error` holds, and why a socket did not open. */
import type { RealtimeError } from './types.js'

/** How long the answer to `whyRefused` may take. In milliseconds. */
const PATIENCE = 10_000

interface Details {
  status?: number
  code?: number
  reason?: string
}

/** Properties that are not known are absent. */
export function realtimeError(message: string, details: Details = {}, options?: ErrorOptions): RealtimeError {
  return Object.assign(new Error(message, options), { name: 'RealtimeError' }, details)
}

/**
 * A browser's WebSocket tells nothing about a refused upgrade (1006, whatever the status), so the same URL is
 * asked once with a plain GET: the same guards answer it, and 426 means that they agreed, so that what failed
 * was the connection itself. Aborting `controller` ends the question.
 */
export async function whyRefused(url: URL, controller: AbortController): Promise<RealtimeError> {
  // Not AbortSignal.any(): browsers of 2023 lack it.
  const timer = setTimeout(() => controller.abort(), PATIENCE)
  try {
    const response = await fetch(url, { cache: 'no-store', redirect: 'manual', signal: controller.signal })
    // It may be a whole page that nobody reads.
    void response.body?.cancel()
    return refusal(response)
  } catch (cause) {
    return realtimeError('could not connect', {}, { cause })
  } finally {
    clearTimeout(timer)
  }
}

function refusal({ status, statusText, type }: Response): RealtimeError {
  if (status === 426) return realtimeError('could not connect')
  // Where to is hidden from scripts, and so is the status.
  if (type === 'opaqueredirect') return realtimeError('the server refused the connection: it redirects')
  // HTTP/2 and 3 have no status text.
  return realtimeError(`the server refused the connection: ${status}${statusText && ` ${statusText}`}`, { status })
}
