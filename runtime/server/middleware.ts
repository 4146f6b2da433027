/** Runs middlewares of Hono's shape in a row, and holds them to their contract: answer, or call `next()` once. */
import type { Context, MiddlewareHandler } from 'hono'

export interface NamedMiddleware {
  /** For errors: the file, or the symbol that it belongs to. */
  name: string
  run: MiddlewareHandler
}

/**
 * The answer of the chain: of the middleware that answered, else of `last`. Headers that a middleware sets on `c.res` after
 * `next()` are part of it.
 * @throws Error naming the middleware that did neither, or called `next()` twice.
 */
export async function runMiddlewares(c: Context, chain: readonly NamedMiddleware[], last: () => Promise<Response>): Promise<Response> {
  await dispatch(c, chain, 0, last)
  return c.res
}

async function dispatch(c: Context, chain: readonly NamedMiddleware[], index: number, last: () => Promise<Response>): Promise<void> {
  const middleware = chain[index]
  if (middleware === undefined) return answerWith(c, await last())
  let rest: Promise<void> | undefined
  const next = () => {
    if (rest !== undefined) throw new Error(`${middleware.name} called next() twice.`)
    rest = dispatch(c, chain, index + 1, last)
    return rest
  }
  const answer = await middleware.run(c, next)
  // A middleware that did not await next() must neither cut the answer short nor leave a rejection to the host.
  await rest
  if (answer instanceof Response) answerWith(c, answer)
  else if (rest === undefined && !c.finalized) {
    throw new Error(`${middleware.name} neither answered nor called next(). Return a response, or \`await next()\`.`)
  }
}

/** Setting `c.res` again would make Hono copy the response, and an upgrade's must reach the host itself. */
function answerWith(c: Context, answer: Response): void {
  if (!c.finalized || answer !== c.res) c.res = answer
}

/** The default export of a `+middleware` module. */
export function middlewareOf(module: Record<string, unknown>, name: string): NamedMiddleware {
  const run = module['default']
  if (typeof run !== 'function') throw new Error(`${name} needs a middleware as its default export: export default async (c, next) => { await next() }`)
  return { name, run: run as MiddlewareHandler }
}
