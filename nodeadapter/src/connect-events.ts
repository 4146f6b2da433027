/**
 * Connects an open socket with the events that the app gave. What they throw never reaches `ws`, whose
 * caller is the TCP socket's data event.
 *
 * The events are plain objects with the properties of theirs that Hono documents: one `MessageEvent` a
 * message would cost more than parsing a small frame.
 */
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { WSContext, type WSContextInit } from 'hono/ws'
import type { SessionSocket } from './session-socket.js'
import type { Accepted } from './upgrade-state.js'

const openEvent = Object.freeze({ type: 'open' }) as Event

/** Called in the same turn as the upgrade: no frame can have been read before. */
export function connectEvents(session: SessionSocket, socket: Socket, { events, onError }: Accepted): void {
  session.socket = socket
  session.events = events
  session.report = onError
  session.context = new WSContext<SessionSocket>(session as unknown as WSContextInit<SessionSocket>)
  session.binaryType = 'arraybuffer'
  // The types of ws know no subclass as `this`.
  const emitter: EventEmitter = session
  emitter.on('message', onMessage)
  emitter.on('close', onClose)
  emitter.on('error', onFailure)
  try {
    events.onOpen?.(openEvent, session.context)
  } catch (error) {
    onError(error)
  }
}

function onMessage(this: SessionSocket, data: unknown, isBinary: boolean): void {
  try {
    // Text comes as a Buffer that ws has checked.
    const event = { type: 'message', data: isBinary ? data : (data as Buffer).toString() }
    this.events.onMessage?.(event as MessageEvent, this.context)
  } catch (error) {
    this.report(error)
  }
}

function onClose(this: SessionSocket, code: number, reason: Buffer): void {
  try {
    const event = { type: 'close', code, reason: reason.toString(), wasClean: code !== 1006 }
    this.events.onClose?.(event as CloseEvent, this.context)
  } catch (error) {
    this.report(error)
  }
}

/** Frames that break the protocol: ws answers 1002, 1007, 1008 or 1009 and ends this session only. */
function onFailure(this: SessionSocket, error: Error): void {
  try {
    this.events.onError?.({ type: 'error', error, message: error.message } as unknown as Event, this.context)
  } catch (thrown) {
    this.report(thrown)
  }
}
