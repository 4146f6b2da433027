/** The HTTP server of `node.mjs` and of the worker: limits, malformed requests, and the way to the app. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createRequestListener } from './request-listener.js'
import { requestUrl } from './request-url.js'
import type { Handler } from './types.js'

/** DESIGN.md section 7: a connection URL has 16 KiB, and cookies need room beside it. */
const limits = {
  maxHeaderSize: 48 * 1024,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  requireHostHeader: true,
}

/** Answers a request itself, or leaves it. */
export type Before = (url: URL, incoming: IncomingMessage, outgoing: ServerResponse) => boolean

/** Requests that Node's parser refuses get its own 400, 408 or 431. */
export function createHttpServer(handlerOf: () => Handler | undefined, before: Before): Server {
  return createServer(limits, answerRequests(handlerOf, before))
}

/** `before` sees well-formed requests only, the rest go to the handler. */
export function answerRequests(handlerOf: () => Handler | undefined, before: Before): RequestListener {
  const toApp = createRequestListener(handlerOf)
  return (incoming, outgoing) => {
    // A response whose client is gone fails with an event, which must find a listener.
    outgoing.on('error', ignore)
    incoming.on('error', ignore)
    const url = requestUrl(incoming)
    if (!url) return void outgoing.writeHead(400, { Connection: 'close' }).end('Bad Request\n')
    if (!before(url, incoming, outgoing)) void toApp(incoming, outgoing)
  }
}

const ignore = (): void => {}
