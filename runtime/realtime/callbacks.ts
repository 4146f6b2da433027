/** The callbacks of one kind. Adding and removing copies the list, so a dispatch under way is not disturbed. */

export type CallbackName = 'onMessage' | 'onClose' | 'onError'

/** Calls the author's code. An object rather than a function, so that no closure is made for a message. */
export interface Caller {
  call<T>(callback: (value: T) => unknown, value: T, name: CallbackName): void
}

interface Entry<T> {
  /** Undefined once it is removed, which a dispatch under way does see. */
  callback: ((value: T) => unknown) | undefined
}

/** One for all: most sessions register less than they could. */
const NONE: readonly never[] = []

export class Callbacks<T> {
  readonly #name: CallbackName
  #entries: readonly Entry<T>[] = NONE

  constructor(name: CallbackName) {
    this.#name = name
  }

  /** Returns what removes it. The same function may be added twice. */
  add(callback: (value: T) => unknown): () => void {
    if (typeof callback !== 'function') {
      throw new TypeError(`[eclipsa] connection.${this.#name}() takes a function, not ${callback === null ? 'null' : typeof callback}`)
    }
    const entry: Entry<T> = { callback }
    this.#entries = [...this.#entries, entry]
    return () => {
      if (entry.callback === undefined) return
      entry.callback = undefined
      this.#entries = this.#entries.filter((other) => other !== entry)
    }
  }

  /** Removes all. */
  clear(): void {
    for (const entry of this.#entries) entry.callback = undefined
    this.#entries = NONE
  }

  /** In order of registration. */
  dispatch(value: T, caller: Caller): void {
    const entries = this.#entries
    for (let i = 0; i < entries.length; i++) {
      const { callback } = entries[i] as Entry<T>
      if (callback !== undefined) caller.call(callback, value, this.#name)
    }
  }
}
