import { realtime } from 'eclipsa'
const useRoom = realtime<{ roomId: string }, { text: string }, { from: string; text: string }>(
async (connection) => {
connection.send({
from: 'system',
text: `Joined ${connection.input.roomId}`,
})
connection.onMessage((message) => {
connection.send({
from: 'server',
text: message.text,
})
})
},
)
export default function Room() {
const room = useRoom()
return (
<section>
<button onClick={() => room.connect({ roomId: 'general' })} type="button">
Connect
</button>
<button disabled={!room.isOpen} onClick={() => room.send({ text: 'Hello' })} type="button">
Send
</button>
<p>Status: {room.status}</p>
<p>Latest: {room.lastMessage?.text ?? 'No messages yet'}</p>
</section>
)
}
