/** Hono's context as the app sees it, and what eclipsa adds to its variables. */
import type { Context, MiddlewareHandler } from 'hono'
import type { RouteParams } from '../router/context.js'

/** The page that a request belongs to: itself, or for data and upgrades the page that asked. */
export interface RequestPage {
  /** Absolute, with the page's search. */
  url: URL
  /** Canonical path: decoded, without `base` and trailing slash. */
  path: string
  params: RouteParams
}

/** Variables of every context. Apps add theirs by declaration merging: `declare module 'eclipsa' { interface AppVariables { user: User } }`. */
export interface AppVariables {
  page: RequestPage
}

export type AppEnv = { Variables: AppVariables }

export type AppContext<E extends { Variables?: object; Bindings?: object } = AppEnv> = Context<E & AppEnv>

/** What `app/+middleware.ts` exports as default: runs for everything in its folder, outer first. */
export type RouteMiddleware<E extends { Variables?: object; Bindings?: object } = AppEnv> = MiddlewareHandler<E & AppEnv>

/** Makes the page's params the ones that `c.req.param()` gives, whatever route of Hono's matched. */
export function setPage(c: Context, page: RequestPage): void {
  c.set('page', page)
  const param = (name?: string) => (name === undefined ? { ...page.params } : page.params[name])
  // The method is overloaded on the types of Hono's own path, which is not the page's.
  c.req.param = param as typeof c.req.param
}
