/**
 * The absolute URL of a request, or none where the request is not one that we serve. One place for
 * requests and upgrades, and before anything else: `new URL('//', base)` throws, `//evil.example/x` and
 * absolute-form targets change the host (SECURITY S4, S8, S18, S21).
 */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** A name, an IPv4 address or a bracketed IPv6 address, and a port. */
const hostGrammar = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** Origin-form, without what URL parsers and proxies read differently: `//`, `\`, `#` and controls. */
const targetGrammar = /^\/(?!\/)[^#\\\x00-\x20\x7f]*$/

/** URL parsers resolve these, so that a path could leave a prefix after it was seen to have it. */
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/** Undefined for a malformed target, and for a missing, doubled or malformed Host header. */
export function requestUrl(incoming: IncomingMessage): URL | undefined {
  const target = incoming.url ?? ''
  const host = onlyHost(incoming.rawHeaders)
  if (host === undefined || !hostGrammar.test(host)) return undefined
  // A backslash in a query is data.
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  if (!targetGrammar.test(path) || dotSegment.test(path)) return undefined
  if (query >= 0 && target.includes('#', query)) return undefined
  const scheme = (incoming.socket as TLSSocket).encrypted ? 'https' : 'http'
  try {
    return new URL(`${scheme}://${host}${target}`)
  } catch {
    return undefined // a port over 65535, an impossible IPv6 address
  }
}

/** Node keeps the first of several Host headers and says nothing. */
function onlyHost(rawHeaders: readonly string[]): string | undefined {
  let host: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length !== 4 || rawHeaders[i]!.toLowerCase() !== 'host') continue
    if (host !== undefined) return undefined
    host = rawHeaders[i + 1]
  }
  return host
}
