/** Time for sessions, so that tests need none. */

export interface Clock {
  /** Does not keep the process alive. Both return what cancels them. */
  every(ms: number, fn: () => void): () => void
  after(ms: number, fn: () => void): () => void
  /** The same number within one turn of the event loop. */
  turn(): number
}

export const systemClock: Clock = {
  every(ms, fn) {
    const timer = setInterval(fn, ms)
    unref(timer)
    return () => clearInterval(timer)
  },
  after(ms, fn) {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  },
  turn: isWorkers() ? Date.now : countedTurn,
}

function unref(timer: unknown): void {
  ;(timer as { unref?: () => void }).unref?.()
}

/** There `Date.now()` stands still within a turn, and a timer of one request must not serve another. */
function isWorkers(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

let current = 0
let counting = false

function countedTurn(): number {
  if (!counting) {
    counting = true
    if (typeof setImmediate === 'function') setImmediate(nextTurn)
    else setTimeout(nextTurn, 0)
  }
  return current
}

function nextTurn(): void {
  counting = false
  current++
}
