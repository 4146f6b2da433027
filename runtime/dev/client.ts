/**
 * The browser's side of `eclipsa dev`: the registry that packs fill, and the hot channel. One native
 * ES module, which every pack imports under the same URL, so that there is one registry in a page.
 */
import type { DevError, HotMessage } from './hot-messages.js'
import { hideErrors, showErrors } from './overlay.js'
import { createRegistry, type Registry } from './registry.js'

/** Written in front of this module by the dev server. */
declare const __ECLIPSA_DEV__: {
  /** Opens the hot channel; another run of the server has another. */
  token: string
  /** Where the app is mounted: starts and ends with a slash. */
  base: string
  boot?: string
}

declare global {
  /** On the dev server's own error page: what went wrong, to be shown at once. */
  var __ECLIPSA_ERROR_PAGE__: DevError[] | undefined
}

const { token, base } = __ECLIPSA_DEV__
const devURL = (name: string): string => `${base}__eclipsa/dev/${name}`

type Externals = Record<string, object>
type LazyExternals = Record<string, () => Promise<object>>

const external: Externals = {}
const lazy: LazyExternals = {}
let registry: Registry | undefined

/** The page's registry. A later pack may come with packages that the earlier ones did not need. */
export function start(dependencies: { external?: Externals; lazy?: LazyExternals } = {}): Registry {
  addMissing(external, dependencies.external)
  addMissing(lazy, dependencies.lazy)
  return (registry ??= createRegistry({ external, lazy, fetchMissing, meta }))
}

/** What is there stays: a package evaluated twice would be two packages. */
function addMissing<T extends object>(known: Record<string, T>, more: Record<string, T> = {}): void {
  for (const [id, value] of Object.entries(more)) if (!Object.hasOwn(known, id)) known[id] = value
}

let fetches = 0

/** A pack's text calls `start()` and defines. Its URL is new each time: engines remember failed imports. */
async function fetchMissing(id: string): Promise<void> {
  await import(devURL(`pack.js?module=${encodeURIComponent(id)}&t=${Date.now()}-${++fetches}`))
}

function meta(id: string): object {
  return { url: new URL(base + id, location.origin).href, env: {} }
}

// --- the hot channel ---

/** The first wait after a failure; each further one is twice as long, up to the last. */
const FIRST_WAIT = 100
const LAST_WAIT = 2_000

/** The browser is on its way to another page, and closes our socket for that. */
let leaving = false
addEventListener('beforeunload', () => (leaving = true))
addEventListener('pageshow', () => (leaving = false))

const errorPage = globalThis.__ECLIPSA_ERROR_PAGE__
if (errorPage) showErrors(errorPage)
listen(FIRST_WAIT)

function listen(retryAfter: number): void {
  const url = new URL(devURL(`hot?token=${encodeURIComponent(token)}`), location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  const socket = new WebSocket(url)
  let connected = false
  socket.onmessage = ({ data }) => {
    connected = true
    receive(JSON.parse(data) as HotMessage)
  }
  socket.onclose = async () => {
    if (leaving) return
    // Without ever having had the channel a reload would change nothing: a proxy may not let it through.
    if (connected) return reloadWhenBack()
    await wait(retryAfter)
    listen(Math.min(retryAfter * 2, LAST_WAIT))
  }
}

function receive(message: HotMessage): void {
  switch (message.type) {
    case 'connected':
      return
    case 'reload':
      return location.reload()
    case 'css':
      return replaceStylesheet(message.url)
    case 'error':
      return showErrors(message.errors)
    case 'ok':
      return errorPage ? location.reload() : hideErrors()
    default:
      message satisfies never
  }
}

/**
 * The server ended, or has cut this page off for being far behind. Either way messages are lost, and
 * only a reload makes up for them; after a restart the token is another one too.
 */
async function reloadWhenBack(): Promise<void> {
  for (let pause = FIRST_WAIT; !leaving; pause = Math.min(pause * 2, LAST_WAIT)) {
    await wait(pause)
    await visible()
    try {
      await fetch(devURL('client.js'), { method: 'HEAD', cache: 'no-store' })
    } catch {
      continue
    }
    return location.reload()
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Tabs in the background neither ask nor reload until somebody looks at them. */
function visible(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState === 'hidden') return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    look()
  })
}

/** The old rules go when the new ones are there, so that nothing is without style in between. */
function replaceStylesheet(url: string): void {
  const next = new URL(url, location.href)
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"]')) {
    if (new URL(link.href).pathname !== next.pathname) continue
    const fresh = link.cloneNode() as HTMLLinkElement
    fresh.href = next.href
    fresh.onload = () => link.remove()
    fresh.onerror = () => fresh.remove()
    link.after(fresh)
  }
}
