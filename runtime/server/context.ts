/** Makes a request's page known to everything that handles the request. */
import type { Context } from 'hono'
import type { RequestPage } from '../context-types.js'

/** Sets `c.var.page`, and makes the page's params the ones that `c.req.param()` gives, whatever route of Hono's matched. */
export function setPage(c: Context, page: RequestPage): void {
  c.set('page', page)
  const { params } = page
  const param = (name?: string) => (name === undefined ? { ...params } : Object.hasOwn(params, name) ? params[name] : undefined)
  // The method is overloaded on the types of Hono's own path, which is not the page's.
  c.req.param = param as typeof c.req.param
}
