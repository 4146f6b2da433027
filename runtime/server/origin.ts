/**
 * Who may open a session from a browser: pages of the same host and port (WebSockets know no CORS, so a foreign
 * page could use the visitor's cookies otherwise).
 */
import type { Settings } from './manifest.js'

/**
 * Host and port of `Origin` must equal those of the request; no port means the scheme's default on either side. An https
 * origin in front of our plain http is fine (TLS ends at the proxy), an http origin in front of our https is not.
 * No `Origin` at all is no browser: allowed.
 */
export function originAllowed(origin: string | undefined, request: URL, forwarded: Forwarded, settings: Settings): boolean {
  if (origin === undefined) return true
  if (settings.allowedOrigins?.includes(origin)) return true
  const from = parseOrigin(origin)
  if (from === undefined) return false
  const scheme = settings.trustProxy ? (forwardedScheme(forwarded.proto) ?? request.protocol) : request.protocol
  if (from.protocol === 'http:' && scheme === 'https:') return false
  const host = (settings.trustProxy && forwardedHost(forwarded.host)) || request.host
  return from.host === hostFor(host, from.protocol)
}

/** `X-Forwarded-Proto` and `X-Forwarded-Host`, which count with `trustProxy` only. */
export interface Forwarded {
  proto: string | undefined
  host: string | undefined
}

/** Undefined for `null`, opaque origins, other schemes, and text around the origin (user info, path). */
function parseOrigin(text: string): URL | undefined {
  if (!/^https?:\/\/[^/?#@\\\s,]+$/i.test(text) || !URL.canParse(text)) return undefined
  return new URL(text)
}

/** The host as a URL of that scheme writes it: lower case, without the scheme's default port. */
function hostFor(host: string, protocol: string): string | undefined {
  const url = `${protocol}//${host}`
  return URL.canParse(url) ? new URL(url).host : undefined
}

function forwardedScheme(proto: string | undefined): string | undefined {
  return proto === 'http' || proto === 'https' ? `${proto}:` : undefined
}

function forwardedHost(host: string | undefined): string | undefined {
  return host !== undefined && /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i.test(host) ? host : undefined
}

/** What the 403 says: enough to find the setting that is missing. */
export function originRefusal(origin: string, host: string): string {
  return (
    `This session was refused: its page has the origin ${JSON.stringify(origin)}, the server is ${JSON.stringify(host)}.\n` +
    'If both are yours, add the origin to "allowedOrigins" in eclipsa.config.json.\n'
  )
}
