/**
 * `GET /__eclipsa/realtime/:id`: everything that is decided before a socket opens (DESIGN: origin, the app's own Hono app,
 * route middlewares, symbol middlewares), then the host's upgrade.
 */
import type { Context } from 'hono'
import { limits } from '../realtime/limits.js'
import { registeredSymbol } from '../realtime/registry.js'
import type { Sessions } from '../realtime/session.js'
import type { RealtimeUpgradeWebSocket } from '../realtime/types.js'
import { decodeInput } from '../realtime/wire.js'
import { setPage } from './context.js'
import type { Manifest, SymbolEntry } from './manifest.js'
import { matchRoute } from './match.js'
import type { Match } from './match.js'
import { runMiddlewares } from './middleware.js'
import { originAllowed, originRefusal } from './origin.js'
import { routeMiddlewares } from './pages.js'
import { canonicalPath } from './paths.js'

/** Ids such as `constructor` find nothing. */
export interface SymbolLookup {
  get(id: string): SymbolEntry | undefined
}

export interface RealtimeRoute {
  manifest: Manifest
  symbols: SymbolLookup
  sessions: Sessions
  upgradeWebSocket: RealtimeUpgradeWebSocket | undefined
}

/** The first guard, in front of the app's own Hono app: undefined lets the request pass. */
export function refuseOrigin(c: Context, manifest: Manifest): Response | undefined {
  const url = new URL(c.req.raw.url)
  if (url.pathname.length + url.search.length > limits.url) return c.text('This connection URL is too long: connect() input is limited to 16 KiB.\n', 414)
  const origin = c.req.header('origin')
  const forwarded = { proto: c.req.header('x-forwarded-proto'), host: c.req.header('x-forwarded-host') }
  if (originAllowed(origin, url, forwarded, manifest.settings)) return undefined
  return c.text(originRefusal(origin ?? '', url.host), 403)
}

export async function answerRealtime(c: Context, route: RealtimeRoute): Promise<Response> {
  const id = c.req.param('id') ?? ''
  const entry = route.symbols.get(id)
  if (entry?.kind !== 'realtime') return c.text('Not found: no realtime symbol has this id.\n', 404)
  const url = new URL(c.req.raw.url)
  const page = pageUrl(url)
  if (page === undefined) return c.text('Bad request: ?url= must be the path of the page that connects.\n', 400)
  const match = reach(page, id, route.manifest)
  if (match === undefined) return c.text('Not found: the page\'s route can\'t reach this symbol.\n', 404)
  setPage(c, { url: page, path: match.path, params: match.params })
  return runMiddlewares(c, await routeMiddlewares(match.route), async () => {
    await entry.module()
    const symbol = registeredSymbol(id)
    if (symbol === undefined) throw new Error(`The module of ${id} did not register it.`)
    const own = symbol.middlewares.map((run, index) => ({ name: `middleware ${index + 1} of ${id}`, run }))
    return runMiddlewares(c, own, () => upgrade(c, id, url, route))
  })
}

/** The page that asks, on this server: a path with an optional search. */
function pageUrl(request: URL): URL | undefined {
  const page = request.searchParams.get('url')
  if (page === null || !page.startsWith('/') || !URL.canParse(page, request.origin)) return undefined
  const url = new URL(page, request.origin)
  return url.origin === request.origin ? url : undefined
}

function reach(page: URL, id: string, manifest: Manifest): (Match & { path: string }) | undefined {
  const canonical = canonicalPath(page, manifest.base)
  const path = canonical.kind === 'redirect' ? canonicalPath(new URL(canonical.location, page), manifest.base) : canonical
  if (path.kind !== 'path') return undefined
  const match = matchRoute(manifest.routes, path.segments)
  return match?.route.symbols.includes(id) ? { ...match, path: path.path } : undefined
}

async function upgrade(c: Context, id: string, url: URL, route: RealtimeRoute): Promise<Response> {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    return c.text('Upgrade required: this address speaks WebSocket only.\n', 426, { upgrade: 'websocket', connection: 'upgrade' })
  }
  if (route.upgradeWebSocket === undefined) {
    return c.text('Not implemented: the host gave createHandler() no upgradeWebSocket.\n', 501)
  }
  let input: unknown
  try {
    input = decodeInput(url.searchParams.get('input'))
  } catch (error) {
    return c.text(`Bad request: ${error instanceof Error ? error.message : 'input'}\n`, 400)
  }
  const accept = route.upgradeWebSocket(() => route.sessions.open(id, c, input))
  const answer = await accept(c, async () => {})
  return answer instanceof Response ? answer : c.text('Upgrade required.\n', 426)
}
