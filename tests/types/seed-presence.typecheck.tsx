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
