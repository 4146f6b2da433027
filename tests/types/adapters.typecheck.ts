/** The WebSocket helpers of every host are adapters as they are. */
import { defineRealtimeWebSocketAdapter } from 'eclipsa'
import type { RealtimeWebSocketAdapter } from 'eclipsa'
import { Hono } from 'hono'
import { upgradeWebSocket as bun } from 'hono/bun'
import { upgradeWebSocket as workers } from 'hono/cloudflare-workers'
import { upgradeWebSocket as deno } from 'hono/deno'
import { upgradeWebSocket as node } from '@hono/node-server'
import { defineWebSocketHelper } from 'hono/ws'
import { createNodeRealtimeWebSocket, createNodeWebSocket } from './node-realtime-websocket'

defineRealtimeWebSocketAdapter({ upgradeWebSocket: bun })
defineRealtimeWebSocketAdapter({ upgradeWebSocket: deno })
defineRealtimeWebSocketAdapter({ upgradeWebSocket: workers })
defineRealtimeWebSocketAdapter({ upgradeWebSocket: node })
defineRealtimeWebSocketAdapter({ upgradeWebSocket: defineWebSocketHelper(() => undefined) })
defineRealtimeWebSocketAdapter(createNodeRealtimeWebSocket(new Hono()))
defineRealtimeWebSocketAdapter((app) => createNodeWebSocket({ app }))
defineRealtimeWebSocketAdapter((app) => createNodeRealtimeWebSocket(app))
defineRealtimeWebSocketAdapter(() => ({ upgradeWebSocket: deno }))

// It gives back what it got, with its own type.
const own = defineRealtimeWebSocketAdapter({ upgradeWebSocket: bun, injectWebSocket: (_server: { on(name: string): void }) => 1 })
const inject: (server: { on(name: string): void }) => number = own.injectWebSocket
void inject

const both: RealtimeWebSocketAdapter[] = [{ upgradeWebSocket: bun }, (app) => createNodeWebSocket({ app })]
void both

// @ts-expect-error: the helper is needed
defineRealtimeWebSocketAdapter({})
// @ts-expect-error: and not something else
defineRealtimeWebSocketAdapter({ upgradeWebSocket: 'ws' })
// @ts-expect-error: a factory returns an adapter
defineRealtimeWebSocketAdapter(() => new Hono())
