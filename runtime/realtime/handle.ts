/** The handle of a mounted component: signals that components read, and the session that writes them. */
import { batch, signal } from '@preact/signals'
import { ClientSession } from './client-session.js'
import { checkBrowserClose } from './close.js'
import { connectionUrl } from './connection-url.js'
import type { RealtimeError, RealtimeHandle, RealtimeStatus } from './types.js'
import { encodeInput } from './wire.js'

/** The methods are properties of the object, so that they may be taken off it. */
export class ClientHandle implements RealtimeHandle {
  readonly #id: string
  readonly #status = signal<RealtimeStatus>('closed')
  readonly #error = signal<RealtimeError | undefined>(undefined)
  /** It only grows, whatever its length; `#received` tells its readers. */
  readonly #messages: unknown[] = []
  readonly #received = signal(0)
  #session: ClientSession | undefined
  #input: string | undefined
  #unmounted = false
  #releasing: ReturnType<typeof setTimeout> | undefined

  constructor(id: string) {
    this.#id = id
  }

  get status(): RealtimeStatus {
    return this.#status.value
  }

  get isOpen(): boolean {
    return this.#status.value === 'open'
  }

  get error(): RealtimeError | undefined {
    return this.#error.value
  }

  get messages(): readonly unknown[] {
    void this.#received.value
    return this.#messages
  }

  get lastMessage(): unknown {
    return this.#messages[this.#received.value - 1]
  }

  /** After unmounting it does nothing: nobody could close the session any more. */
  readonly connect = (value?: unknown): void => {
    const input = encodeInput(value)
    if (this.#unmounted || (this.#session !== undefined && this.#input === input)) return
    const session = new ClientSession(connectionUrl(this.#id, input), this)
    this.#leave(1000, '')
    this.#session = session
    this.#input = input
    batch(() => {
      this.#error.value = undefined
      this.#status.value = 'connecting'
    })
  }

  readonly send = (message: unknown): void => {
    if (this.#session === undefined || this.#status.peek() !== 'open') {
      throw new TypeError(`[eclipsa] send() needs an open session, and this one is ${this.#status.peek()}.`)
    }
    this.#session.send(message)
  }

  readonly close = (code?: number, reason?: string): void => {
    // `onClick={room.close}` passes an event.
    const ownCode = typeof code === 'object' ? 1000 : (code ?? 1000)
    checkBrowserClose(ownCode, reason ?? '')
    this.#leave(ownCode, reason ?? '')
    this.#status.value = 'closed'
  }

  /** The component is mounted, or renders again. */
  retain(): void {
    clearTimeout(this.#releasing)
    this.#unmounted = false
  }

  /** The component is gone, unless `retain` follows in this turn. */
  release(): void {
    this.#releasing = setTimeout(() => {
      this.#unmounted = true
      this.close()
    }, 0)
  }

  /** The rest is called by the session, never after it was left. */
  opened(): void {
    this.#status.value = 'open'
  }

  received(message: unknown): void {
    this.#messages.push(message)
    this.#received.value = this.#messages.length
  }

  failed(error: RealtimeError): void {
    this.#error.value = error
  }

  /** The session is over, by itself or by the server. */
  ended(error: RealtimeError | undefined): void {
    this.#session = undefined
    batch(() => {
      if (error !== undefined) this.#error.value = error
      this.#status.value = 'closed'
    })
  }

  #leave(code: number, reason: string): void {
    this.#session?.leave(code, reason)
    this.#session = undefined
  }
}
