import { realtime, type RealtimeConnection, type RealtimeMiddleware } from 'eclipsa'
const requestMeta: RealtimeMiddleware<{
Variables: {
traceId: string
}
}> = async (c, next) => {
c.set('traceId', crypto.randomUUID())
await next()
}
const useRoom = realtime(
requestMeta,
async (
connection: RealtimeConnection<
{ roomId: string },
{ text: string },
{ traceId: string },
{
Variables: {
traceId: string
}
}
>,
) => {
connection.send({
traceId: connection.c.var.traceId,
})
},
)
