import { Hono } from 'hono'
import { defineRealtimeWebSocketAdapter } from 'eclipsa'
import { createNodeRealtimeWebSocket } from './node-realtime-websocket'
const app = new Hono()
export const realtimeWebSocket = defineRealtimeWebSocketAdapter((realtimeApp) => {
const { injectWebSocket, upgradeWebSocket } = createNodeRealtimeWebSocket(realtimeApp)
return { injectWebSocket, upgradeWebSocket }
})
export default app
