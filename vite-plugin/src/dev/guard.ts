/**
 * Request targets that no browser sends end Vite's process (`GET http://[`: its router parses before any middleware
 * runs). They are refused before Vite sees them.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { requestUrl } from '@eclipsa/node/host'

type Listener = (this: Server, incoming: IncomingMessage, outgoing: ServerResponse) => void

export function guardRequests(httpServer: Server): void {
  const listeners = httpServer.listeners('request') as Listener[]
  httpServer.removeAllListeners('request')
  httpServer.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // HTTP/2 has no Host header, and its own grammar for the rest.
    if (incoming.httpVersionMajor >= 2 || requestUrl(incoming) !== undefined) for (const listener of listeners) listener.call(httpServer, incoming, outgoing)
    else outgoing.writeHead(400, { Connection: 'close' }).end('Bad Request\n')
  })
}
