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

export default function Traced() {
  const room = useRoom()
  return (
    <section>
      <button onClick={() => room.connect({ roomId: 'general' })} type="button">
        Connect
      </button>
      <p>Status: {room.status}</p>
      <p>Trace: {room.lastMessage?.traceId ?? 'none yet'}</p>
    </section>
  )
}
