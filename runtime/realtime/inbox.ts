/** The client's messages on their way to the callbacks; those that come before the first `onMessage` wait. */
import { Callbacks } from './callbacks.js'
import type { Caller } from './callbacks.js'
import type { Limits } from './limits.js'

export class Inbox {
  readonly #callbacks = new Callbacks<unknown>('onMessage')
  readonly #caller: Caller
  readonly #limits: Readonly<Limits>
  /** What waits; undefined once messages are delivered as they come. */
  #early: unknown[] | undefined = []
  #earlyBytes = 0
  #registered = false

  constructor(caller: Caller, limits: Readonly<Limits>) {
    this.#caller = caller
    this.#limits = limits
  }

  /** `bytes` is the size of its frame. False when it would wait and there is no room left. */
  put(message: unknown, bytes: number): boolean {
    if (this.#early === undefined) {
      this.#callbacks.dispatch(message, this.#caller)
      return true
    }
    this.#earlyBytes += bytes
    if (this.#early.length >= this.#limits.earlyMessages || this.#earlyBytes > this.#limits.earlyBytes) return false
    this.#early.push(message)
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

  #deliver(): void {
    // By index: a callback may close the session, which clears the rest.
    for (let i = 0; this.#early !== undefined && i < this.#early.length; i++) {
      this.#callbacks.dispatch(this.#early[i], this.#caller)
    }
    this.#early = undefined
  }
}
