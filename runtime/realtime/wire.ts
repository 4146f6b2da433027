/**
 * The frames of a realtime session, as JSON text (docs/design, section 6):
 *
 *     client → server   hello (the first frame), message, ping
 *     server → client   message, error, pong
 *
 * `{"type":"message"}` without a value carries `undefined`.
 */
import { decode, revive } from '../serialization/decode.js'
import { encode } from '../serialization/encode.js'
import { SerializationError } from '../serialization/tags.js'

export interface HelloFrame {
  type: 'hello'
}
export interface PingFrame {
  type: 'ping'
}
export interface PongFrame {
  type: 'pong'
}
export interface MessageFrame {
  type: 'message'
  value?: unknown
}
export interface ErrorFrame {
  type: 'error'
  error: WireError
}

/** What a client may see of an error. */
export interface WireError {
  /** `FrameError`: the client's own frame was refused. `HandlerError`: the server's code failed. */
  name: 'FrameError' | 'HandlerError'
  message: string
}

export type ClientFrame = HelloFrame | PingFrame | MessageFrame
export type ServerFrame = MessageFrame | ErrorFrame | PongFrame

export const HELLO = '{"type":"hello"}'
export const PING = '{"type":"ping"}'
export const PONG = '{"type":"pong"}'

/** @throws SerializationError naming the path in the message. */
export function messageFrame(value: unknown): string {
  return value === undefined ? '{"type":"message"}' : `{"type":"message","value":${encode(value, 'message')}}`
}

export function errorFrame(error: WireError): string {
  return JSON.stringify({ type: 'error', error } satisfies ErrorFrame)
}

/** @throws SerializationError for everything that a client must not send. */
export function readClientFrame(text: string): ClientFrame {
  const frame = readFrame(text)
  switch (frame.type) {
    case 'message':
      return readMessage(frame)
    case 'hello':
    case 'ping':
      return frame as ClientFrame
    default:
      throw badFrame('its type is not one that a client sends')
  }
}

/** @throws SerializationError for everything that a server must not send. */
export function readServerFrame(text: string): ServerFrame {
  const frame = readFrame(text)
  switch (frame.type) {
    case 'message':
      return readMessage(frame)
    case 'pong':
      return frame as PongFrame
    case 'error': {
      const { error } = frame as { error?: Partial<WireError> | null }
      if (typeof error?.message !== 'string') throw badFrame('its error has no message')
      return frame as ErrorFrame
    }
    default:
      throw badFrame('its type is not one that a server sends')
  }
}

interface AnyFrame {
  type?: unknown
  value?: unknown
}

function readFrame(text: string): AnyFrame {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    throw badFrame('it is not JSON')
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) throw badFrame('it is not an object')
  return frame
}

function readMessage(frame: AnyFrame): MessageFrame {
  frame.value = revive(frame.value, 'message')
  return frame as MessageFrame
}

function badFrame(problem: string): SerializationError {
  return new SerializationError('read', 'frame', [], problem)
}

/** `connect()` input as it stands in the connection URL; undefined where there is none. */
export function encodeInput(input: unknown): string | undefined {
  return input === undefined ? undefined : encode(input, 'input')
}

/** @throws SerializationError */
export function decodeInput(text: string | null): unknown {
  return text === null ? undefined : decode(text, 'input')
}
