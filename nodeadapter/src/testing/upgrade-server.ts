/** An HTTP server with a gate and a small Hono app, in the test's own process. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import type { WSContext } from 'hono/ws'
import { type RawData, WebSocket } from 'ws'
import type { SessionSocket } from '../session-socket.js'
import type { Handler } from '../types.js'
import { createUpgradeGate, type GateOptions, ownsRealtime, type UpgradeGate } from '../upgrade-gate.js'
import { upgradeWebSocket } from '../upgrade-websocket.js'

export const prefix = '/__eclipsa/realtime/'

export type Session = WSContext<SessionSocket>

/** What the app of a test does; each may be left out. */
export interface Script {
  guard?: (id: string) => Promise<Response | undefined> | Response | undefined
  onOpen?: (session: Session) => void
  onMessage?: (data: unknown, session: Session) => void
  onClose?: (code: number, reason: string) => void
  onError?: (message: string) => void
}

export function createTestHandler(script: Script): Handler {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('x-after', 'yes')
    c.header('set-cookie', 'a=1', { append: true })
    c.header('set-cookie', 'b=2', { append: true })
  })
  app.get(
    `${prefix}:id`,
    async (c, next) => (await script.guard?.(c.req.param('id'))) ?? next(),
    upgradeWebSocket(() => ({
      onOpen: (_event, session) => script.onOpen?.(session as Session),
      onMessage: (event, session) => script.onMessage?.(event.data, session as Session),
      onClose: (event) => script.onClose?.(event.code, event.reason),
      onError: (event) => script.onError?.((event as ErrorEvent).message),
    })),
    (c) => c.text('a WebSocket is expected', 426),
  )
  return Object.assign(async (request: Request, env?: unknown) => app.fetch(request, env as object), {
    drain: async () => {},
  })
}

export interface TestServer {
  server: Server
  gate: UpgradeGate
  port: number
  close(): Promise<void>
}

export async function startTestServer(handler: Handler | undefined, options: Partial<GateOptions> = {}): Promise<TestServer> {
  const server = createServer((_incoming, outgoing) => outgoing.end('page'))
  const gate = createUpgradeGate(server, {
    owns: ownsRealtime('/'),
    listener: (incoming, outgoing) => server.emit('request', incoming, outgoing),
    ...options,
  })
  if (handler) gate.use(handler)
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { server, gate, port: (server.address() as AddressInfo).port, close }
}

/** An open client. */
export async function connectClient(port: number, id = 'x', options = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${prefix}${id}`, options)
  await once(client, 'open')
  return client
}

export function later<Value = void>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void
  const promise = new Promise<Value>((yes) => (resolve = yes))
  return { promise, resolve }
}

/** Starts a server for one app, and ends it. */
export async function withSession(script: Script, run: (port: number) => Promise<void>): Promise<void> {
  const at = await startTestServer(createTestHandler(script))
  try {
    await run(at.port)
  } finally {
    await at.close()
  }
}

/** Everything until the close. */
export async function collect(client: WebSocket): Promise<{ texts: string[]; code: number }> {
  const texts: string[] = []
  client.on('message', (data: RawData) => texts.push(String(data)))
  const [code] = (await once(client, 'close')) as [number]
  return { texts, code }
}

/** The same with the gate at hand. `undefined` is no handler at all. */
export async function withServer(script: Script | undefined, run: (at: TestServer) => Promise<void>, options?: Partial<GateOptions>): Promise<void> {
  const at = await startTestServer(script && createTestHandler(script), options)
  try {
    await run(at)
    // Whatever a test sent, the process lives and other sessions can start.
    if (script && !script.guard && !options) (await connectClient(at.port)).terminate()
  } finally {
    await at.close()
  }
}
