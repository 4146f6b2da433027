/** Why a socket did not open. Browsers tell a page nothing, so it asks again without an upgrade. */
import { realtimeError } from './error.js'
import type { RealtimeError } from './types.js'

/** How long the answer may take. */
const PATIENCE = 10_000

/**
 * The same guards answer a plain GET of the same URL. 426 means that they agreed, so what failed was the
 * connection itself.
 */
export async function whyRefused(url: URL, signal: AbortSignal): Promise<RealtimeError> {
  let response: Response
  try {
    response = await fetch(url, {
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
    })
  } catch (cause) {
    return realtimeError('could not connect', {}, { cause })
  }
  // Its body may be a whole page that nobody reads.
  void response.body?.cancel()
  const { status, statusText, type } = response
  if (status === 426) return realtimeError('could not connect')
  // Where to is hidden from scripts, and so is the status.
  if (type === 'opaqueredirect') return realtimeError('the server refused the connection: it redirects')
  return realtimeError(`the server refused the connection: ${status}${statusText && ` ${statusText}`}`, { status })
}
