/** The worker's current handler: made anew after every load, the last good one otherwise. */
import { inspect } from 'node:util'
import type { CreateHandler, Handler } from './types.js'
import { upgradeWebSocket } from './upgrade-websocket.js'
import { createWorkerModules, type LoadRequest } from './worker-modules.js'

export interface WorkerError {
  name: string
  message: string
  stack: string
}

export type LoadResult = { ok: true } | { ok: false; error: WorkerError }

export interface WorkerApp {
  handler(): Handler | undefined
  load(request: LoadRequest): Promise<LoadResult>
}

/** `onHandler` gets each new handler before it serves. */
export function createWorkerApp(onHandler: (handler: Handler) => void): WorkerApp {
  const modules = createWorkerModules()
  let current: Handler | undefined
  let made: CreateHandler | undefined
  /** One load at a time, in the order of arrival. */
  let last: Promise<unknown> = Promise.resolve()

  async function load(request: LoadRequest): Promise<LoadResult> {
    try {
      const { entry, changed } = await modules.load(request)
      const createHandler = entry['default']
      if (typeof createHandler !== 'function') {
        throw new TypeError(`[eclipsa] "${request.entry}" has no default export that makes a handler`)
      }
      if (current && createHandler === made && !changed) return { ok: true }
      const next = (createHandler as CreateHandler)({ upgradeWebSocket, showError })
      onHandler(next)
      const previous = current
      current = next
      made = createHandler as CreateHandler
      if (previous) retire(previous)
      return { ok: true }
    } catch (error) {
      return { ok: false, error: describe(error) }
    }
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

/** Until sessions are swapped under their handlers (DESIGN.md D7), clients connect again. */
function retire(handler: Handler): void {
  const drained = async () => handler.drain({ spreadMs: 0, code: 1012, reason: 'server code changed' })
  drained().catch((error) => console.error(error))
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
