/** The client's messages on their way to the callbacks; those that come before the first `onMessage` wait. */
import { Callbacks } from './callbacks.js'
import type { Caller } from './callbacks.js'
import type { Limits } from './limits.js'

interface Waiting {
  message: unknown
  /** The size of its frame. */
  bytes: number
}

export class Inbox {
  readonly #callbacks = new Callbacks<unknown>('onMessage')
  readonly #caller: Caller
  /** What waits; undefined once messages are delivered as they come. */
  #early: Waiting[] | undefined = []
  #earlyBytes = 0
  #registered = false

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** `bytes` is the size of its frame. False when it would wait and there is no room left. */
  put(message: unknown, bytes: number, limits: Readonly<Limits>): boolean {
    if (this.#early === undefined) {
      this.#callbacks.dispatch(message, this.#caller)
      return true
    }
    if (this.#early.length >= limits.earlyMessages || this.#earlyBytes + bytes > limits.earlyBytes) return false
    this.#early.push({ message, bytes })
    this.#earlyBytes += bytes
    return true
  }

  add(callback: (message: unknown) => unknown): () => void {
    const remove = this.#callbacks.add(callback)
    if (!this.#registered) {
      this.#registered = true
      // Later, so that all callbacks registered together get them, and none runs before `onMessage` returns.
      queueMicrotask(() => this.#deliver())
    }
    return remove
  }

  /** Nothing that waits is delivered any more. */
  clear(): void {
    this.#early = undefined
  }

  /** What waits in `other` waits here instead; its callbacks are called no more, also in a dispatch under way. */
  takeOver(other: Inbox): void {
    this.#early = other.#early ?? []
    this.#earlyBytes = other.#earlyBytes
    other.#early = undefined
    other.#callbacks.clear()
  }

  #deliver(): void {
    // Each is taken out before its callbacks run: they may end the session, or see it go to another run.
    for (let next = this.#early?.shift(); next !== undefined; next = this.#early?.shift()) {
      this.#earlyBytes -= next.bytes
      this.#callbacks.dispatch(next.message, this.#caller)
    }
    this.#early = undefined
  }
}
