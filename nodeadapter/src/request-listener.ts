/** From Node's request to the app and back: `node.mjs`, the worker, and Vite's middleware. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Handler, NodeEnv } from './types.js'

export interface ListenerOptions {
  /** Answers instead of the plain 500 when the app throws; it may leave that to somebody else. */
  failed?: (error: unknown, incoming: IncomingMessage, outgoing: ServerResponse) => void
}

/** Without a handler everything is 503. */
export function createRequestListener(handlerOf: () => Handler | undefined, { failed }: ListenerOptions = {}): RequestListener {
  return getRequestListener(
    async (request, env) => {
      const handler = handlerOf()
      if (!handler) return new Response('not ready\n', { status: 503 })
      const { incoming, outgoing } = env as NodeEnv
      try {
        return await handler(request, env as NodeEnv)
      } catch (error) {
        if (failed && outgoing) {
          failed(error, incoming, outgoing)
          return RESPONSE_ALREADY_SENT
        }
        // A body that ends early fails in the app's hands, and nobody waits for an answer.
        if (!incoming.destroyed) console.error(error)
        return new Response('Internal Server Error\n', { status: 500 })
      }
    },
    { overrideGlobalObjects: false },
  )
}
