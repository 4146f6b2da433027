/** The wrapper that the seed's Node snippet imports, around an adapter of @hono/node-ws' shape. */
import type { Hono } from 'hono'
import type { UpgradeWebSocket, WSEvents } from 'hono/ws'

// As @hono/node-ws 1.3 declares it; `WebSocket` there is the one of `ws`.
interface NodeWebSocket {
  upgradeWebSocket: UpgradeWebSocket<WebSocket, { onError: (error: unknown) => void }, WSEvents<WebSocket>>
  injectWebSocket(server: NodeServer | Http2Server): void
  wss: object
}
interface NodeServer {
  on(event: 'upgrade', listener: (request: object, socket: object, head: Uint8Array) => void): this
  listen(port: number): this
}
interface Http2Server extends NodeServer {
  setTimeout(ms: number): this
}
interface NodeWebSocketInit {
  // `any`: node-ws declares exactly this.
  app: Hono<any, any, any>
  baseUrl?: string | URL
}

export declare const createNodeWebSocket: (init: NodeWebSocketInit) => NodeWebSocket

export const createNodeRealtimeWebSocket = (app: Hono<any, any, any>): NodeWebSocket => createNodeWebSocket({ app })
