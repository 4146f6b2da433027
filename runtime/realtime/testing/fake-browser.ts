/** As much of a browser as a handle needs: the page's address, sockets that tests drive, `fetch`. */
import { provideRoutes } from '../../client/routes.js'

export class FakeWebSocket {
  /** All that were made, oldest first. */
  static made: FakeWebSocket[] = []

  readonly sent: string[] = []
  closed: [number | undefined, string | undefined] | undefined
  readyState = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null

  constructor(readonly url: string) {
    FakeWebSocket.made.push(this)
  }

  send(text: string): void {
    if (this.readyState === 0) throw new Error('InvalidStateError')
    this.sent.push(text)
  }

  close(code?: number, reason?: string): void {
    this.closed ??= [code, reason]
  }

  opens(): this {
    this.readyState = 1
    this.onopen?.()
    return this
  }

  says(frame: unknown): this {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
    return this
  }

  closes(code: number, reason = ''): this {
    this.readyState = 3
    this.onclose?.({ code, reason })
    return this
  }
}

export interface FakeBrowser {
  /** What the next requests are answered with. */
  answer: (url: URL, init: RequestInit) => Promise<Response>
  remove(): void
}

/** Puts it into the globals until `remove()`. */
export function installBrowser(href: string, base = '/'): FakeBrowser {
  const browser: FakeBrowser = {
    answer: () => Promise.reject(new TypeError('Failed to fetch')),
    remove() {
      for (const [name, descriptor] of before) {
        if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
        else Object.defineProperty(globalThis, name, descriptor)
      }
    },
  }
  const globals: Record<string, unknown> = {
    location: new URL(href),
    WebSocket: FakeWebSocket,
    fetch: (url: URL, init: RequestInit) => browser.answer(url, init),
  }
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  FakeWebSocket.made = []
  provideRoutes({ base, routes: {} })
  return browser
}
