/**
 * Requests that offer to change to a protocol nobody here speaks. Java's HttpClient and `curl --http2` offer
 * h2c with ordinary requests and are content with HTTP/1.1, but Node gives all of them to the `upgrade`
 * listener: they are answered from here as if they had offered nothing.
 */
import { type IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answer, endGently } from './socket-answer.js'

/** Node's parser has left the connection, so that no body could be read, and no second request follows. */
export function declineUpgrade(incoming: IncomingMessage, socket: Socket, listener: RequestListener): void {
  if (hasBody(incoming)) return answer(socket, 400, 'a request with a body can offer no upgrade here\n')
  incoming.push(null)
  const outgoing = new ServerResponse(incoming)
  outgoing.shouldKeepAlive = false
  outgoing.assignSocket(socket)
  outgoing.once('finish', () => {
    outgoing.detachSocket(socket)
    endGently(socket)
    process.nextTick(() => outgoing.emit('close')) // as Node's own server does
  })
  listener(incoming, outgoing)
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined
}
