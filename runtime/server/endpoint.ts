/** `+server.ts`: exports of HTTP methods, or a Hono app as default export. */
import type { Context } from 'hono'

/** Hono itself, or anything with its `fetch`. */
interface FetchApp {
  fetch(request: Request, env: unknown, ctx: unknown): Response | Promise<Response>
}

type Answer = (c: Context) => Response | Promise<Response>

export async function runEndpoint(c: Context, module: Record<string, unknown>, name: string): Promise<Response> {
  const app = module['default'] as Partial<FetchApp> | undefined
  if (typeof app?.fetch === 'function') return app.fetch(c.req.raw, c.env, executionContext(c))
  const method = c.req.method === 'HEAD' && module['HEAD'] === undefined ? 'GET' : c.req.method
  const answer = Object.hasOwn(module, method) ? module[method] : undefined
  if (typeof answer !== 'function') return methodNotAllowed(methodsOf(module))
  const response: unknown = await (answer as Answer)(c)
  if (!(response instanceof Response)) throw new Error(`${method} of ${name} must return a Response, such as c.json(…).`)
  return response
}

/** Hono's getter throws on hosts that have none. */
function executionContext(c: Context): unknown {
  try {
    return c.executionCtx
  } catch {
    return undefined
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function methodsOf(module: Record<string, unknown>): string[] {
  return METHODS.filter((method) => typeof module[method] === 'function')
}

export function methodNotAllowed(allowed: readonly string[]): Response {
  return new Response('Method not allowed\n', { status: 405, headers: { allow: allowed.join(', ') } })
}
