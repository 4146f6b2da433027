/** What API.md promises about the types of `realtime()`; each refusal has its line. */
import { realtime } from 'eclipsa'
import type {
  RealtimeCloseEvent,
  RealtimeConnection,
  RealtimeError,
  RealtimeHandle,
  RealtimeHandler,
  RealtimeMiddleware,
  RealtimeStatus,
} from 'eclipsa'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_proof: Equal<A, B>): void => {}

interface Input {
  room: string
}
interface Say {
  text: string
}
interface Said extends Say {
  from: string
}
type TraceEnv = { Variables: { traceId: string } }

const trace: RealtimeMiddleware<TraceEnv> = async (c, next) => {
  c.set('traceId', 'abc')
  // @ts-expect-error: a declared variable keeps its type
  c.set('traceId', 1)
  await next()
}
const gate: RealtimeMiddleware = (c, next) => (c.req.query('key') ? next() : Promise.resolve(c.text('no', 401)))

// Explicit generics, alone and behind middlewares.
const useRoom = realtime<Input, Say, Said>(async (connection) => {
  same<typeof connection.input, Input>(true)
  connection.onMessage((message) => {
    same<typeof message, Say>(true)
  })
  const taken: boolean = connection.send({ from: 'a', text: connection.input.room })
  // @ts-expect-error: messages to the client have their declared type
  connection.send({ text: 'a' })
  // @ts-expect-error: input has its declared type
  void connection.input.rooms
  const off: () => void = connection.onClose(({ code, reason, wasClean }: RealtimeCloseEvent) => void [code, reason, wasClean])
  off()
  connection.onError((error) => {
    same<typeof error, unknown>(true)
  })
  connection.close(taken ? 1000 : 4000, 'bye')
  void connection.c.req.param('id')
})
const useGuarded = realtime<Input, Say, Said>(trace, gate, (connection) => {
  same<typeof connection.input, Input>(true)
  connection.onMessage((message) => connection.send({ from: connection.c.var.traceId, text: message.text }))
})
same<ReturnType<typeof useRoom>, RealtimeHandle<Input, Say, Said>>(true)
same<ReturnType<typeof useGuarded>, RealtimeHandle<Input, Say, Said>>(true)

// Types from the annotated connection, exact variables included; alone, with one middleware and with two.
const useAnnotated = realtime(trace, gate, (connection: RealtimeConnection<Input, Say, Said, TraceEnv>) => {
  same<typeof connection.c.var.traceId, string>(true)
  // @ts-expect-error: no middleware sets it
  void connection.c.var.userId
})
same<ReturnType<typeof useAnnotated>, RealtimeHandle<Input, Say, Said>>(true)
const useOne = realtime((connection: RealtimeConnection<Input, Say, Said>) => connection.close())
same<ReturnType<typeof useOne>, RealtimeHandle<Input, Say, Said>>(true)
const named: RealtimeHandler<Input, Say, Said> = (connection) => void connection.input.room
const useNamed = realtime(gate, named)
same<ReturnType<typeof useNamed>, RealtimeHandle<Input, Say, Said>>(true)
const useBare = realtime((connection) => {
  connection.send(connection.input)
})

// @ts-expect-error: a handler is needed
realtime<Input, Say, Said>()
// @ts-expect-error: the handler comes last
realtime<Input, Say, Said>((connection: RealtimeConnection<Input, Say, Said>) => connection.close(), gate)
// @ts-expect-error: the compiled form is not the author's
realtime('useRoom-1a2b3c4d5e')

export function Handles() {
  const room = useRoom()
  room.connect({ room: 'a' })
  // @ts-expect-error: input is required
  room.connect()
  // @ts-expect-error: and of its declared type
  room.connect({ room: 1 })
  room.send({ text: 'a' })
  // @ts-expect-error: messages to the server have their declared type
  room.send({ from: 'a' })
  // @ts-expect-error: a message is required
  room.send()
  room.close()
  room.close(4000, 'bye')
  same<typeof room.status, RealtimeStatus>(true)
  same<RealtimeStatus, 'closed' | 'connecting' | 'open'>(true)
  same<typeof room.isOpen, boolean>(true)
  same<typeof room.messages, readonly Said[]>(true)
  same<typeof room.lastMessage, Said | undefined>(true)
  same<typeof room.error, RealtimeError | undefined>(true)
  // @ts-expect-error: the handle is read, not written
  room.status = 'open'
  // @ts-expect-error: messages come from the server only
  room.messages.push({ from: 'a', text: 'b' })

  const refused: number | undefined = room.error?.status
  // Input may be left out where its type admits undefined, or is unknown.
  useOptional().connect()
  useOptional().connect(undefined)
  useOptional().connect({ room: 'a' })
  useVoid().connect()
  useBare().connect()
  useBare().connect('anything')
  useNull().connect(null)
  // @ts-expect-error: null is not undefined
  useNull().connect()
  return <p class="room">{room.isOpen ? room.lastMessage?.text : refused}</p>
}

const useOptional = realtime<Input | undefined, Say, Said>(() => {})
const useVoid = realtime<undefined, Say, Said>(() => {})
const useNull = realtime<null, never, string>(() => {})
