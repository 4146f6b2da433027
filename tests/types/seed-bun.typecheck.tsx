import { Hono } from 'hono'
import { upgradeWebSocket, websocket } from 'hono/bun'
import { defineRealtimeWebSocketAdapter } from 'eclipsa'
const app = new Hono()
export const realtimeWebSocket = defineRealtimeWebSocketAdapter({
upgradeWebSocket,
})
export { websocket }
export default app
