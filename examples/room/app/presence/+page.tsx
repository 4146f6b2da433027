import { realtime } from 'eclipsa'
const usePresence = realtime<
{ userId: string },
{ typing: boolean },
{ online: boolean; userId: string }
>(async (connection) => {
connection.send({
online: true,
userId: connection.input.userId,
})
connection.onMessage((message) => {
if (message.typing) {
connection.send({
online: true,
userId: connection.input.userId,
})
}
})
connection.onClose(() => {
// Release room membership, presence records, or other request-scoped state.
})
})

export default function Presence() {
  const presence = usePresence()
  return (
    <section>
      <button onClick={() => presence.connect({ userId: 'ada' })} type="button">
        Appear
      </button>
      <button
        disabled={!presence.isOpen}
        onClick={() => presence.send({ typing: true })}
        type="button"
      >
        Type
      </button>
      <button disabled={!presence.isOpen} onClick={() => presence.close()} type="button">
        Leave
      </button>
      <p>Status: {presence.status}</p>
      <p>Seen: {presence.messages.length}</p>
    </section>
  )
}
