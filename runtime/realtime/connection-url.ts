/** The URL of a session, as the browser asks for it. */
import { clientManifest } from '../client/routes.js'
import { limits } from './limits.js'

/**
 * With the page that is shown: the server runs that page's middlewares.
 * @throws TypeError when the input makes it longer than the server would read.
 */
export function connectionUrl(id: string, input: string | undefined): URL {
  const { pathname, search } = location
  let target = `${clientManifest().base}__eclipsa/realtime/${encodeURIComponent(id)}?url=${encodeURIComponent(pathname + search)}`
  if (input !== undefined) target += `&input=${encodeURIComponent(input)}`
  if (target.length > limits.url) {
    throw new TypeError(
      `[eclipsa] the input of connect() makes its URL ${target.length} bytes long, and ${limits.url} are allowed: send() what is large.`,
    )
  }
  return new URL(target, location.origin)
}

/** The same URL for `new WebSocket()`; not every browser takes an http URL there. */
export function webSocketUrl(url: URL): string {
  return url.href.replace(/^http/, 'ws')
}
