/** The worker's current handler: made anew after every load, the last good one otherwise. */
import { inspect } from 'node:util'
import type { CreateHandler, Handler } from './types.js'
import { upgradeWebSocket } from './upgrade-websocket.js'
import { createWorkerModules, type LoadRequest } from './worker-modules.js'
import { createWorkerSymbols } from './worker-symbols.js'

export interface WorkerError {
  name: string
  message: string
  stack: string
}

/** `evaluated` counts modules, `swapped` sessions that have another handler now. */
export type LoadResult = { ok: true; evaluated: number; swapped: number } | { ok: false; error: WorkerError }

export interface WorkerApp {
  handler(): Handler | undefined
  load(request: LoadRequest): Promise<LoadResult>
}

/** `onHandler` gets each new handler before it serves. */
export function createWorkerApp(onHandler: (handler: Handler) => void): WorkerApp {
  const modules = createWorkerModules()
  const symbols = createWorkerSymbols(modules.instance)
  let current: Handler | undefined
  let made: CreateHandler | undefined
  /** One load at a time, in the order of arrival. */
  let last: Promise<unknown> = Promise.resolve()

  async function load(request: LoadRequest): Promise<LoadResult> {
    try {
      symbols.expect(request)
      const { entry, evaluated } = await modules.load(request)
      const handler = use(entry['default'], request.entry)
      return { ok: true, evaluated, swapped: handler.swap?.(symbols.changed()) ?? 0 }
    } catch (error) {
      return { ok: false, error: describe(error) }
    }
  }

  /** Most edits are behind dynamic imports of the manifest, and leave the handler as it is. */
  function use(createHandler: unknown, entry: string): Handler {
    if (typeof createHandler !== 'function') {
      throw new TypeError(`[eclipsa] "${entry}" has no default export that makes a handler`)
    }
    if (current && createHandler === made) return current
    const next = (createHandler as CreateHandler)({ upgradeWebSocket, showError, ...(current && { replaces: current }) })
    onHandler(next)
    made = createHandler as CreateHandler
    return (current = next)
  }

  return {
    handler: () => current,
    load(request) {
      const result = last.then(() => load(request))
      last = result
      return result
    },
  }
}

/** The answer that Go turns into the error page. */
function showError(error: unknown): Response {
  return Response.json(describe(error), { status: 500, headers: { 'x-eclipsa-error': '1' } })
}

/** Anything can be thrown. */
export function describe(error: unknown): WorkerError {
  if (error instanceof Error) {
    return { name: String(error.name), message: String(error.message), stack: String(error.stack ?? '') }
  }
  return { name: 'Error', message: `a value that is no Error was thrown: ${inspect(error)}`, stack: '' }
}
