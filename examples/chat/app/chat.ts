import type { RealtimeConnection } from 'eclipsa'

/** What a browser says when it joins. */
export interface Join {
  name: string
}

/** What a browser may send. */
export type ClientEvent = { type: 'say'; text: string } | { type: 'typing'; typing: boolean }

export interface Line {
  id: number
  from: string
  text: string
  /** Milliseconds since 1970, by the server's clock. */
  at: number
}

/** What the server tells every browser in the room. */
export type ServerEvent =
  | { type: 'history'; lines: Line[]; you: string }
  | { type: 'line'; line: Line }
  | { type: 'people'; people: Person[] }

export interface Person {
  name: string
  typing: boolean
}

type Member = RealtimeConnection<Join, ClientEvent, ServerEvent>

const HISTORY_LENGTH = 50
const NAME_LENGTH = 24
const TEXT_LENGTH = 2000

/** One entry for each open session: all sessions share this module, which is the room. */
const members = new Map<Member, Person>()
const history: Line[] = []
let nextId = 1

/** Brings a session into the room until it closes. Messages are registered for before anything else. */
export function join(connection: Member): void {
  const person: Person = { name: freeName(connection.input.name), typing: false }
  connection.onMessage((event) => {
    if (event.type === 'say') say(person, event.text)
    if (event.type === 'typing') person.typing = Boolean(event.typing)
    tellPeople()
  })
  connection.onClose(() => {
    members.delete(connection)
    tellPeople()
  })
  members.set(connection, person)
  connection.send({ type: 'history', lines: history, you: person.name })
  tellPeople()
}

function say(person: Person, text: unknown): void {
  person.typing = false
  const trimmed = String(text).trim().slice(0, TEXT_LENGTH)
  if (trimmed === '') return
  const line: Line = { id: nextId++, from: person.name, text: trimmed, at: Date.now() }
  history.push(line)
  if (history.length > HISTORY_LENGTH) history.shift()
  tell({ type: 'line', line })
}

function tellPeople(): void {
  tell({ type: 'people', people: [...members.values()] })
}

function tell(event: ServerEvent): void {
  for (const connection of members.keys()) connection.send(event)
}

/** Two people of one name would be hard to tell apart: the second becomes "Ada 2". */
function freeName(wanted: unknown): string {
  const name = String(wanted).trim().slice(0, NAME_LENGTH) || 'Guest'
  const taken = new Set([...members.values()].map((person) => person.name))
  if (!taken.has(name)) return name
  for (let n = 2; ; n++) {
    if (!taken.has(`${name} ${n}`)) return `${name} ${n}`
  }
}
