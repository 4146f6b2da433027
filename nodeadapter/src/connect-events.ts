/**
 * Connects an open `ws` socket with the events that the app gave. What they throw never reaches `ws`,
 * whose caller is the socket's data event.
 *
 * The events are plain objects with the properties of theirs that Hono documents: one `MessageEvent` a
 * message would cost more than parsing a small frame.
 */
import type { Socket } from 'node:net'
import { WSContext } from 'hono/ws'
import type { WebSocket } from 'ws'
import { SessionSocket } from './session-socket.js'
import type { Accepted } from './upgrade-state.js'

const openEvent = Object.freeze({ type: 'open' }) as Event

/** Called in the same turn as the upgrade: no frame can have been read before. */
export function connectEvents(ws: WebSocket, socket: Socket, { events, onError }: Accepted): void {
  const context = new WSContext<SessionSocket>(new SessionSocket(ws, socket))
  ws.binaryType = 'arraybuffer'
  ws.on('message', (data: ArrayBuffer | Buffer, isBinary: boolean) => {
    try {
      events.onMessage?.({ type: 'message', data: isBinary ? data : data.toString() } as MessageEvent, context)
    } catch (error) {
      onError(error)
    }
  })
  ws.on('close', (code: number, reason: Buffer) => {
    try {
      const wasClean = code !== 1006
      events.onClose?.({ type: 'close', code, reason: reason.toString(), wasClean } as CloseEvent, context)
    } catch (error) {
      onError(error)
    }
  })
  // Frames that break the protocol: ws answers 1002, 1007, 1008 or 1009 and ends this session only.
  ws.on('error', (error: Error) => {
    try {
      events.onError?.({ type: 'error', error, message: error.message } as unknown as Event, context)
    } catch (thrown) {
      onError(thrown)
    }
  })
  try {
    events.onOpen?.(openEvent, context)
  } catch (error) {
    onError(error)
  }
}
