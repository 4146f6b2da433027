/** Answers a request for a page: its middlewares, then the page inside its layouts as a document, or `+server.ts`. */
import type { Context } from 'hono'
import type { ComponentType } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { SSRRootProps } from '../context-types.js'
import { pageTree } from '../router/page-tree.js'
import { setPage } from './context.js'
import { DefaultSSRRoot, renderDocument } from './document.js'
import { methodNotAllowed, runEndpoint } from './endpoint.js'
import type { Load, Manifest, RouteEntry } from './manifest.js'
import { matchRoute } from './match.js'
import type { Match } from './match.js'
import { readMetadata } from './metadata.js'
import { middlewareOf, runMiddlewares } from './middleware.js'
import { canonicalPath } from './paths.js'

type Module = Record<string, unknown>

export async function answerPage(c: Context, manifest: Manifest): Promise<Response> {
  const url = new URL(c.req.raw.url)
  const path = canonicalPath(url, manifest.base)
  if (path.kind === 'invalid') return c.text('Bad request: this path can\'t be decoded.\n', 400)
  if (path.kind === 'unknown') return notFound(c, manifest)
  const canonical = path.kind === 'redirect' ? canonicalPath(new URL(path.location, url), manifest.base) : path
  if (canonical.kind !== 'path') return notFound(c, manifest)
  const match = matchRoute(manifest.routes, canonical.segments)
  if (match === undefined) return notFound(c, manifest)
  if (path.kind === 'redirect') return c.redirect(path.location, 308)
  setPage(c, { url, path: canonical.path, params: match.params })
  return runMiddlewares(c, await routeMiddlewares(match.route), () => answerRoute(c, manifest, match, url))
}

/** The `+middleware` files above a route, outer first. */
export async function routeMiddlewares(route: RouteEntry) {
  const modules = await Promise.all(route.middlewares.map((load) => load()))
  return modules.map((module, index) => middlewareOf(module, `+middleware ${index + 1} of route ${route.id}`))
}

async function answerRoute(c: Context, manifest: Manifest, match: Match, url: URL): Promise<Response> {
  const { page, server, id } = match.route
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  if (page !== undefined && (reads || server === undefined)) {
    return reads ? renderPage(c, manifest, match, page, url) : methodNotAllowed(['GET', 'HEAD'])
  }
  return server === undefined ? notFound(c, manifest) : runEndpoint(c, await server(), `the +server file of ${id}`)
}

async function renderPage(c: Context, manifest: Manifest, { route, params }: Match, load: Load, url: URL): Promise<Response> {
  const [page, ...layouts] = await Promise.all([load(), ...route.layouts.map((layout) => layout())])
  const state = { id: route.id, params }
  const location = { pathname: url.pathname, search: url.search, hash: '' }
  const html = renderToString(pageTree({ page, layouts }, { ...state, location }))
  const metadata = await readMetadata([...layouts, page], { params, url })
  const root = await ssrRoot(manifest)
  return c.html(renderDocument({ root, html, metadata, assets: [manifest.assets, route.assets], state: { route: state } }))
}

async function ssrRoot(manifest: Manifest): Promise<ComponentType<SSRRootProps>> {
  const module: Module | undefined = await manifest.ssrRoot?.()
  if (module === undefined) return DefaultSSRRoot
  const root = module['default']
  if (typeof root !== 'function') throw new Error('app/+ssr-root needs a component as its default export.')
  return root as ComponentType<SSRRootProps>
}

/** `app/+not-found.tsx`, or one plain sentence. It is plain HTML: no route, nothing to bring alive. */
async function notFound(c: Context, manifest: Manifest): Promise<Response> {
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  const load = manifest.routes.find((route) => route.segments.length === 0)?.notFound
  // The development server has something to run on it: a route may appear.
  const waits = manifest.notFoundScripts !== undefined && (c.req.header('Accept') ?? '').includes('text/html')
  if (!reads || (load === undefined && !waits)) return c.text('Not found\n', 404)
  const module = load === undefined ? { default: () => 'Not found' } : await load()
  const location = { pathname: new URL(c.req.raw.url).pathname, search: '', hash: '' }
  const html = renderToString(pageTree({ page: module, layouts: [] }, { id: '', params: {}, location }))
  const assets = { scripts: manifest.notFoundScripts ?? [], preload: [], styles: manifest.assets.styles }
  const metadata = await readMetadata([module], { params: {}, url: new URL(c.req.raw.url) })
  return c.html(renderDocument({ root: await ssrRoot(manifest), html, metadata, assets: [assets] }), 404)
}
