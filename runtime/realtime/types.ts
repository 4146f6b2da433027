/** The public types of `realtime()`; the contract is the documented API (seed). */
import type { Context, Env, Hono, MiddlewareHandler } from 'hono'
import type { UpgradeWebSocket } from 'hono/ws'

/** `connecting` from `connect()` until the socket is open or failed. */
export type RealtimeStatus = 'closed' | 'connecting' | 'open'

/**
 * How a session ended. `code` and `reason` are the ones of whoever closed first; 1005 is a close without
 * a code, 1006 (`wasClean: false`) a connection that was lost.
 */
export interface RealtimeCloseEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** What `handle.error` holds. */
export interface RealtimeError extends Error {
  /** The HTTP status with which the server refused the connection (401, 403, 404 …). */
  readonly status?: number
  /** The close code, where the session ended unexpectedly. */
  readonly code?: number
  /** The close reason. */
  readonly reason?: string
}

/** `input` may be left out where its type admits `undefined`. */
type ConnectArguments<Input> = unknown extends Input
  ? [input?: Input]
  : undefined extends Input
    ? [input?: Input]
    : [input: Input]

/**
 * What a component gets from its hook. Reading a property in a component (or an effect) subscribes it.
 * One mounted hook call owns one session; unmounting closes it (1000).
 */
export interface RealtimeHandle<Input = unknown, ClientMessage = unknown, ServerMessage = unknown> {
  /**
   * Opens the session. With equal input it does nothing while connecting or open; with other input it
   * replaces the session.
   * @throws TypeError for input that can't be serialized, or makes the URL longer than 16 KiB.
   */
  connect(...args: ConnectArguments<Input>): void
  /** @throws TypeError unless open, and for a message that can't be serialized. */
  send(message: ClientMessage): void
  /**
   * Ends the session; nothing arrives after it.
   * @throws RangeError for a code other than 1000 and 3000-4999, or a reason over 123 bytes.
   */
  close(code?: number, reason?: string): void
  readonly status: RealtimeStatus
  readonly isOpen: boolean
  /** The newest of `messages`. */
  readonly lastMessage: ServerMessage | undefined
  /**
   * All messages of this handle, across reconnects. It is one array that grows: in dependency lists use
   * `messages.length`.
   */
  readonly messages: readonly ServerMessage[]
  /** The latest socket or frame error; `connect()` clears it. */
  readonly error: RealtimeError | undefined
}

/**
 * What a handler gets: one session, seen from the server. Its functions may be taken off the object.
 * Register `onMessage` before the first `await`; messages that arrive earlier wait for it (64 messages
 * or 256 KiB).
 */
export interface RealtimeConnection<
  Input = unknown,
  ClientMessage = unknown,
  ServerMessage = unknown,
  // `any`, so that `c.var` is loosely typed where only the first three are given.
  E extends Env = any,
> {
  /** What was passed to `connect()`. It comes from a stranger: check it. */
  readonly input: Input
  /**
   * Sends a message; false when it was not taken: the session is over, its socket is gone, the client reads too
   * slowly (then it is closed with 1013), or, in development, an edited handler has taken the session over.
   * @throws TypeError for a message that can't be serialized.
   */
  send(message: ServerMessage): boolean
  /**
   * Calls back for each message, in the order of arrival; a promise does not hold back the next one.
   * Returns a function that ends it, like the other two.
   */
  onMessage(callback: (message: ClientMessage) => unknown): () => void
  /**
   * Calls back once, after the session has ended and never inside `close()`. In development also with 1012
   * `handler replaced`, when an edited handler takes the session over: undo here what the handler set up.
   */
  onClose(callback: (event: RealtimeCloseEvent) => unknown): () => void
  /** Calls back for socket errors and for what handler and callbacks throw. */
  onError(callback: (error: unknown) => unknown): () => void
  /**
   * Ends the session with a code (1000) and a reason. Later calls do nothing.
   * @throws RangeError for a code that must not be sent, or a reason over 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): void
  /**
   * Hono's context of the upgrade request, with the page's route params in `c.req.param()` and the
   * variables that middlewares set in `c.var`.
   */
  readonly c: Context<E>
}

/**
 * The author's function. A throw or rejection closes the session with 1011. It runs once a session; in development an
 * edited one runs again in each open session, with the same `input` and `c`.
 */
export type RealtimeHandler<
  Input = unknown,
  ClientMessage = unknown,
  ServerMessage = unknown,
  E extends Env = any,
> = (connection: RealtimeConnection<Input, ClientMessage, ServerMessage, E>) => unknown

/** Hono's middleware: it may answer before the upgrade, and sets variables for `connection.c.var`. */
export type RealtimeMiddleware<E extends Env = any> = MiddlewareHandler<E>

/** Hono's WebSocket helper with the type parameters of any host. */
export type RealtimeUpgradeWebSocket = UpgradeWebSocket<any, any, any>

/** What an adapter for a host consists of. */
export interface RealtimeWebSocketAdapterObject {
  upgradeWebSocket: RealtimeUpgradeWebSocket
  /** Gets the HTTP server's upgrade events; it may rely on `on` and `listenerCount` only. */
  injectWebSocket?: (server: any) => unknown
}

/** The object, or a factory that gets eclipsa's Hono app; it is called once for each handler. */
export type RealtimeWebSocketAdapter =
  | RealtimeWebSocketAdapterObject
  // `any`: adapters ask for `Hono`, `Hono<any, any, any>` or only its `request`.
  | ((realtimeApp: Hono<any, any, any>) => RealtimeWebSocketAdapterObject)
