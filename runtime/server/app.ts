/**
 * The server app: takes a manifest and gives `createHandler`. The same module serves `eclipsa dev`, Vite and `dist/`.
 *
 * A request passes, in this order: the host check, for sessions the origin check, the app's own Hono app
 * (`+server-entry.ts`), the route's `+middleware` files, and then the page, the endpoint or the session.
 */
import { Hono } from 'hono'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { registeredSymbol } from '../realtime/registry.js'
import { Sessions } from '../realtime/session.js'
import type { DrainOptions, Symbols } from '../realtime/session.js'
import { chooseAdapter, injectOf } from './adapter.js'
import type { Capabilities, CreateHandler, Handler, Report } from './handler.js'
import type { Manifest } from './manifest.js'
import { answerPage } from './pages.js'
import { answerRealtime, refuseOrigin } from './realtime-route.js'
import type { RealtimeRoute, SymbolLookup } from './realtime-route.js'

/** The result of this is the default export of `dist/server/index.mjs`. */
export function createApp(manifest: Manifest): CreateHandler {
  return (capabilities = {}) => {
    const report = capabilities.report ?? reportToConsole
    // Looked up for each request: Vite's dev server learns of symbols while it runs. Own properties only.
    const symbols: SymbolLookup = { get: (id) => (Object.hasOwn(manifest.symbols, id) ? manifest.symbols[id] : undefined) }
    const options = { report, production: manifest.mode === 'production', symbols: realtimeSymbols(symbols) }
    const { replaces } = capabilities
    const sessions = replaces === undefined ? new Sessions(options) : sessionsOf(replaces)
    // The adapter needs the handler and the handler's routes need the adapter: the routes are made last.
    let root: Hono | undefined
    const fail = failure(manifest, capabilities, report)
    const handler = async (request: Request, env?: unknown, ctx?: unknown): Promise<Response> => {
      try {
        return await (root as Hono).fetch(request, env as object, ctx as never)
      } catch (error) {
        return fail(error, request)
      }
    }
    const adapter = chooseAdapter(manifest, capabilities, handler)
    root = routes({ manifest, symbols, sessions, upgradeWebSocket: adapter.upgradeWebSocket }, fail)
    const inject = injectOf(adapter)
    // Last: what failed before leaves the sessions with the handler that there was.
    sessions.changeApp(options)
    return Object.assign(handler, {
      drain: (how?: DrainOptions) => sessions.drain(how),
      swap: (ids: Iterable<string>) => sessions.swap(ids),
      [SESSIONS]: sessions,
      ...(inject && { injectWebSocket: inject }),
    }) satisfies Handler
  }
}

/**
 * Where a handler keeps its sessions for the one that replaces it. Registered, since in development a new bundle of
 * packages brings this module, and with it `Sessions`, a second time.
 */
const SESSIONS = Symbol.for('eclipsa.sessions')

function sessionsOf(handler: Handler & { [SESSIONS]?: Sessions }): Sessions {
  const sessions = handler[SESSIONS]
  if (sessions === undefined) throw new TypeError('[eclipsa] createHandler({ replaces }) takes a handler that createHandler() made.')
  return sessions
}

/** Those of the manifest: what an edit took away is still registered. */
function realtimeSymbols(symbols: SymbolLookup): Symbols {
  return { has: (id) => symbols.get(id)?.kind === 'realtime', get: registeredSymbol }
}

function routes(realtime: RealtimeRoute, fail: Failure): Hono {
  const { manifest } = realtime
  const path = `${manifest.base}__eclipsa/realtime/:id`
  const root = new Hono()
  root.onError((error, c) => fail(error, c.req.raw))
  root.use(async (c, next) => refuseHost(c, manifest) ?? (await next()))
  root.use(path, async (c, next) => refuseOrigin(c, manifest) ?? (await next()))
  const own = manifest.serverEntry?.['default']
  if (own !== undefined) root.route(manifest.base, honoApp(own))
  root.get(path, (c) => answerRealtime(c, realtime))
  root.all(`${manifest.base}__eclipsa/*`, (c) => c.text('Not found\n', 404))
  root.all('*', (c) => answerPage(c, manifest))
  return root
}

function honoApp(own: unknown): Hono {
  if (typeof (own as Partial<Hono>).fetch !== 'function' || !Array.isArray((own as Partial<Hono>).routes)) {
    throw new TypeError('The default export of app/+server-entry must be a Hono app: export default new Hono()')
  }
  return own as Hono
}

/** In development the dev server has checked the host already. */
function refuseHost(c: Context, { mode, settings }: Manifest): Response | undefined {
  const { allowedHosts = [] } = settings
  if (mode === 'development' || allowedHosts.length === 0) return undefined
  const { host, hostname } = new URL(c.req.raw.url)
  if (allowedHosts.includes(host) || allowedHosts.includes(hostname)) return undefined
  return c.text(`Forbidden: the host ${JSON.stringify(host)} is not in "allowedHosts".\n`, 403)
}

type Failure = (error: unknown, request: Request) => Response

/** Every error that no one answered: reported, and told to the client without details unless in development. */
function failure(manifest: Manifest, capabilities: Capabilities, report: Report): Failure {
  return (error, request) => {
    if (error instanceof HTTPException) return error.getResponse()
    // What the dev server shows it also prints, with its place in the source; of upgrades it only passes the status on.
    const shown = manifest.mode === 'development' && request.headers.get('upgrade') === null ? capabilities.showError : undefined
    if (shown !== undefined) return shown(error)
    // The query stays out of logs: for sessions it carries their input.
    report('request', error, { method: request.method, path: new URL(request.url).pathname })
    return new Response('Internal server error\n', { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' } })
  }
}

function reportToConsole(stage: string, error: unknown, details?: object): void {
  console.error(`[eclipsa] ${stage}:`, error, ...(details === undefined ? [] : [details]))
}
