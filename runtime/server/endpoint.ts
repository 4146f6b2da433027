/** `+server.ts`: exports of HTTP methods, or a Hono app as default export. */
import type { Context } from 'hono'

type Answer = (c: Context) => Response | Promise<Response>

export async function runEndpoint(c: Context, module: Record<string, unknown>, name: string): Promise<Response> {
  const app = module['default'] as { fetch?: (request: Request, env: unknown) => Response | Promise<Response> } | undefined
  if (typeof app?.fetch === 'function') return app.fetch(c.req.raw, c.env)
  const method = c.req.method === 'HEAD' && module['HEAD'] === undefined ? 'GET' : c.req.method
  const answer = Object.hasOwn(module, method) ? module[method] : undefined
  if (typeof answer !== 'function') return methodNotAllowed(methodsOf(module))
  const response: unknown = await (answer as Answer)(c)
  if (!(response instanceof Response)) throw new Error(`${method} of ${name} must return a Response, such as c.json(…).`)
  return response
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function methodsOf(module: Record<string, unknown>): string[] {
  return METHODS.filter((method) => typeof module[method] === 'function')
}

export function methodNotAllowed(allowed: readonly string[]): Response {
  return new Response('Method not allowed\n', { status: 405, headers: { allow: allowed.join(', ') } })
}
