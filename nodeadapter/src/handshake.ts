/** The WebSocket handshake itself: what is refused before the app is asked, and the 101 after it. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type ServerOptions, WebSocketServer } from 'ws'
import { connectEvents } from './connect-events.js'
import { hasBody } from './declined-upgrade.js'
import { SessionSocket } from './session-socket.js'
import { answer, headerLines } from './socket-answer.js'
import type { Accepted } from './upgrade-state.js'

/**
 * Above the runtime's own limit of 1 MiB (runtime/realtime/limits.ts), so that it answers ordinary excess
 * with 1009; this one is for clients that don't even mean well.
 */
const maxPayload = 1024 * 1024 + 64 * 1024

const options: ServerOptions<typeof SessionSocket> & Record<string, unknown> = {
  WebSocket: SessionSocket,
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload,
  // Each piece of a message costs an object, however small it is (S23).
  maxFragments: 4096,
  maxBufferedChunks: 8192,
  // A client that doesn't answer our close frame is cut after this.
  closeTimeout: 10_000,
}
const server = new WebSocketServer(options)

/** Of the response to the handshake that is being completed: `handleUpgrade` emits it synchronously. */
let extraHeaders: string[] = []
server.on('headers', (headers) => headers.push(...extraHeaders))

const keyGrammar = /^[+/0-9A-Za-z]{22}==$/

export function isWebSocketHandshake(incoming: IncomingMessage): boolean {
  return incoming.headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Refuses what can't become a WebSocket before middlewares and handlers have effects: true when it did.
 * A body would be read as frames here and as something else by a proxy (S19).
 */
export function refuseHandshake(incoming: IncomingMessage, socket: Socket): boolean {
  const { headers, method } = incoming
  if (hasBody(incoming)) {
    answer(socket, 400, 'an upgrade has no body\n')
  } else if (method !== 'GET') {
    answer(socket, 405, 'a WebSocket starts with GET\n', ['Allow: GET'])
  } else if (!isWebSocketHandshake(incoming)) {
    return false // the app's guards answer, then its 426
  } else if (headers['sec-websocket-version'] !== '13') {
    answer(socket, 426, 'only WebSocket version 13 is supported\n', ['Sec-WebSocket-Version: 13', 'Upgrade: websocket'])
  } else if (!keyGrammar.test(headers['sec-websocket-key'] ?? '')) {
    answer(socket, 400, 'Sec-WebSocket-Key is not a key\n')
  } else {
    return false
  }
  return true
}

/** Answers 101 with the headers of the app's response, and hands the socket to the events. */
export function completeHandshake(
  incoming: IncomingMessage, socket: Socket, head: Buffer, response: Response, accepted: Accepted,
): void {
  extraHeaders = headerLines(response.headers)
  try {
    server.handleUpgrade(incoming, socket, head, (session) => connectEvents(session, socket, accepted))
  } finally {
    extraHeaders = []
  }
}
