/**
 * `import.meta.hot`, with the meaning that Vite documents. What a module says through it is kept with its
 * instance, and goes when the instance is forgotten; `data` alone outlives it.
 */
import type { Namespace } from './link.js'

/** A module that could not be evaluated is given as `undefined`. */
export type AcceptCallback = (module: Namespace | undefined) => void
/** In the order of the dependencies; those that are no new ones are `undefined`. */
export type AcceptAllCallback = (modules: (Namespace | undefined)[]) => void
export type DataCallback = (data: Record<string, unknown>) => void
export type EventCallback = (payload: never) => void

/** `import.meta.hot` */
export interface HotContext {
  /** Outlives the instances of the module. */
  readonly data: Record<string, unknown>
  accept(): void
  accept(callback: AcceptCallback): void
  accept(dep: string, callback?: AcceptCallback): void
  accept(deps: readonly string[], callback?: AcceptAllCallback): void
  /** Like `accept(callback)` as long as the module exports nothing else. */
  acceptExports(names: string | readonly string[], callback?: AcceptCallback): void
  dispose(callback: DataCallback): void
  prune(callback: DataCallback): void
  /** Does nothing, as in Vite. */
  decline(): void
  /** The new instance can't take over: its importers are evaluated again. */
  invalidate(message?: string): void
  on(event: string, callback: EventCallback): void
  off(event: string, callback: EventCallback): void
  /** Does nothing: a page says nothing to the dev server. */
  send(event: string, payload?: unknown): void
}

export interface AcceptedDeps {
  ids: string[]
  callback: AcceptAllCallback
}

/** What an instance has said through its `import.meta.hot`. */
export interface HotState {
  acceptsItself: boolean
  /** Names of `acceptExports`. */
  acceptedExports?: Set<string>
  ownCallbacks: AcceptCallback[]
  deps: AcceptedDeps[]
  disposers: DataCallback[]
  pruners: DataCallback[]
  context: HotContext
}

export interface HotHost {
  data: Record<string, unknown>
  events: HotEvents
  /** The id behind a specifier of the module. */
  resolve(specifier: string): string
  invalidate(message: string | undefined): void
}

export function newHotState(host: HotHost): HotState {
  const state: HotState = {
    acceptsItself: false,
    ownCallbacks: [],
    deps: [],
    disposers: [],
    pruners: [],
    context: {
      get data() {
        return host.data
      },
      accept(first?: AcceptCallback | string | readonly string[], callback?: AcceptCallback | AcceptAllCallback) {
        if (first === undefined || typeof first === 'function') {
          state.acceptsItself = true
          if (first) state.ownCallbacks.push(first)
        } else if (typeof first === 'string') {
          const one = callback as AcceptCallback | undefined
          state.deps.push({ ids: [host.resolve(first)], callback: ([module]) => one?.(module) })
        } else {
          const all = callback as AcceptAllCallback | undefined
          state.deps.push({ ids: first.map(host.resolve), callback: (modules) => all?.(modules) })
        }
      },
      acceptExports(names, callback) {
        state.acceptedExports = new Set([...(state.acceptedExports ?? []), ...(typeof names === 'string' ? [names] : names)])
        if (callback) state.ownCallbacks.push(callback)
      },
      dispose: (callback) => void state.disposers.push(callback),
      prune: (callback) => void state.pruners.push(callback),
      decline() {},
      invalidate: (message) => host.invalidate(message),
      on: (event, callback) => host.events.on(event, state, callback),
      off: (event, callback) => host.events.off(event, callback),
      send() {},
    },
  }
  return state
}

/** Listeners of `vite:*` events, each with the instance that it goes with. */
export class HotEvents {
  readonly #listeners = new Map<string, Map<EventCallback, HotState>>()

  on(event: string, owner: HotState, callback: EventCallback): void {
    const known = this.#listeners.get(event)
    if (known) known.set(callback, owner)
    else this.#listeners.set(event, new Map([[callback, owner]]))
  }

  off(event: string, callback: EventCallback): void {
    this.#listeners.get(event)?.delete(callback)
  }

  forget(owner: HotState): void {
    for (const known of this.#listeners.values()) {
      for (const [callback, by] of known) if (by === owner) known.delete(callback)
    }
  }

  /** A listener that throws stops nobody else. */
  emit(event: string, payload: unknown): void {
    for (const callback of [...(this.#listeners.get(event)?.keys() ?? [])]) {
      try {
        callback(payload as never)
      } catch (error) {
        console.error(`[eclipsa] a listener of "${event}" failed:`, error)
      }
    }
  }
}
