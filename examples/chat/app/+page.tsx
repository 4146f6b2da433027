import { For, Show, onCleanup, onMount, realtime, useComputed, useSignal, useWatch } from 'eclipsa'
import { type ClientEvent, type Join, type Line, type Person, type ServerEvent, join } from './chat'
import './chat.css'

const useChat = realtime<Join, ClientEvent, ServerEvent>((connection) => join(connection))

export const metadata = {
  title: 'Chat',
  description: 'A small chat in which everybody shares one room.',
}

/** Typing is taken back after this pause, in milliseconds. */
const TYPING_PAUSE = 1500

export default function ChatPage() {
  const chat = useChat()
  const name = useSignal('')

  if (chat.status === 'closed') {
    return <Door name={name.value} onName={(value) => (name.value = value)} chat={chat} />
  }
  return <Room chat={chat} />
}

type Chat = ReturnType<typeof useChat>

function Door({ name, onName, chat }: { name: string; onName: (value: string) => void; chat: Chat }) {
  const enter = (event: Event) => {
    event.preventDefault()
    if (name.trim() !== '') chat.connect({ name: name.trim() })
  }
  return (
    <main class="door">
      <form onSubmit={enter}>
        <h1>Chat</h1>
        <p>Everybody who comes in shares one room. The last fifty messages stay.</p>
        <label>
          Your name
          <input
            autofocus
            maxLength={24}
            name="name"
            onInput={(event) => onName(event.currentTarget.value)}
            value={name}
          />
        </label>
        <button disabled={name.trim() === ''} type="submit">
          Come in
        </button>
        <Show when={chat.error !== undefined}>
          <p class="trouble" role="alert">
            The connection was lost. Come in again to go on.
          </p>
        </Show>
      </form>
    </main>
  )
}

function Room({ chat }: { chat: Chat }) {
  const you = useSignal('')
  const people = useSignal<Person[]>([])
  const lines = useSignal<Line[]>([])
  const seen = useSignal(0)

  // The server's events since the last look; messages only ever grows.
  useWatch(() => {
    const events = chat.messages
    for (const event of events.slice(seen.peek())) {
      if (event.type === 'history') {
        you.value = event.you
        lines.value = event.lines
      }
      if (event.type === 'line') lines.value = [...lines.peek(), event.line]
      if (event.type === 'people') people.value = event.people
    }
    seen.value = events.length
  })

  const others = useComputed(() =>
    people.value.filter((person) => person.typing && person.name !== you.value),
  )

  return (
    <main class="room">
      <aside>
        <h2>Here now</h2>
        <ul data-testid="people">
          <For arr={people.value} fn={(person) => <Avatar name={person.name} />} key={nameOf} />
        </ul>
        <button class="quiet" onClick={() => chat.close()} type="button">
          Leave
        </button>
      </aside>
      <section>
        <Lines lines={lines.value} you={you.value} />
        <p class="typing" data-testid="typing">
          {typingText(others.value)}
        </p>
        <Composer chat={chat} />
      </section>
    </main>
  )
}

function Lines({ lines, you }: { lines: Line[]; you: string }) {
  const end = (element: HTMLLIElement | null) => element?.scrollIntoView({ block: 'end' })
  return (
    <ol class="lines" data-testid="lines">
      <Show when={lines.length === 0}>
        <li class="empty">Nobody has said anything yet.</li>
      </Show>
      {lines.map((line) => (
        <li class={line.from === you ? 'mine' : ''} key={line.id}>
          <span class="from">{line.from}</span>
          <span class="text">{line.text}</span>
          <time>{clock(line.at)}</time>
        </li>
      ))}
      <li class="end" key={`end-${lines.length}`} ref={end} />
    </ol>
  )
}

function Composer({ chat }: { chat: Chat }) {
  const text = useSignal('')
  const typing = useSignal(false)

  const tellTyping = (value: boolean) => {
    if (typing.value === value || !chat.isOpen) return
    typing.value = value
    chat.send({ type: 'typing', typing: value })
  }
  useWatch(() => {
    if (text.value === '') return
    const timer = setTimeout(() => tellTyping(false), TYPING_PAUSE)
    onCleanup(() => clearTimeout(timer))
  })
  const field = useSignal<HTMLInputElement | null>(null)
  onMount(() => field.value?.focus())

  const say = (event: Event) => {
    event.preventDefault()
    if (text.value.trim() === '' || !chat.isOpen) return
    chat.send({ type: 'say', text: text.value })
    text.value = ''
    typing.value = false
  }
  return (
    <form class="composer" onSubmit={say}>
      <input
        aria-label="Message"
        autocomplete="off"
        maxLength={2000}
        name="message"
        onInput={(event) => {
          text.value = event.currentTarget.value
          tellTyping(text.value !== '')
        }}
        placeholder={chat.isOpen ? 'Say something' : 'Connecting…'}
        ref={(element) => {
          field.value = element
        }}
        value={text.value}
      />
      <button disabled={!chat.isOpen || text.value.trim() === ''} type="submit">
        Send
      </button>
    </form>
  )
}

function Avatar({ name }: { name: string }) {
  return (
    <li>
      <i style={{ background: `hsl(${hue(name)} 55% 45%)` }}>{name.slice(0, 1).toUpperCase()}</i>
      {name}
    </li>
  )
}

const nameOf = (person: Person) => person.name

function typingText(people: Person[]): string {
  if (people.length === 0) return ''
  if (people.length === 1) return `${people[0]?.name} is typing…`
  return `${people.length} people are typing…`
}

function hue(name: string): number {
  let sum = 0
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 360
  return sum
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}
