/**
 * The browser's side of `eclipsa dev`: the registry that packs fill, and the hot channel. One native
 * ES module, which every pack imports under the same URL, so that there is one registry in a page.
 */
import { createUpdateQueue, type UpdateQueue } from './apply-update.js'
import { type RefreshLibrary, refreshComponents } from './components.js'
import { followHotChannel } from './hot-channel.js'
import type { DevError, HotMessage } from './hot-messages.js'
import { type ErrorSource, showErrors } from './overlay.js'
import { createRegistry, type Registry, type Replacement } from './registry.js'
import { isReloading, reloadPage } from './reload.js'
import { describeError } from './runtime-error.js'
import { replaceStylesheet, splitStylesheets } from './stylesheets.js'
import { wait } from './waiting.js'

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
const root = new URL(base, location.origin).href
const devURL = (name: string): string => `${base}__eclipsa/dev/${name}`

type Externals = Record<string, object>
type LazyExternals = Record<string, () => Promise<object>>

/** What a pack brings along. */
export interface StartOptions {
  external?: Externals
  lazy?: LazyExternals
  /** The last update that is in the pack. */
  version?: number
  /** URLs of the stylesheets that the page linked as one. */
  stylesheets?: string[]
}

const external: Externals = {}
const lazy: LazyExternals = {}
let registry: Registry | undefined
let updates: UpdateQueue | undefined
/** The last update that this page knows of. */
let version: number | undefined

/** The page's registry. A later pack may come with packages that the earlier ones did not need. */
export function start(pack: StartOptions = {}): Registry {
  addMissing(external, pack.external)
  addMissing(lazy, pack.lazy)
  if (registry) return registry
  registry = createRegistry({ external, lazy, fetchMissing, meta, replaced, refused: () => updates?.goOn() })
  version = pack.version ?? 0
  updates = createUpdateQueue({ registry, root, addPackages, loadSince, renderErrors, reload, updated, failed }, version)
  splitStylesheets(devURL('styles.css'), pack.stylesheets ?? [])
  listen()
  return registry
}

/** What is there stays: a package evaluated twice would be two packages. */
function addMissing<T extends object>(known: Record<string, T>, more: Record<string, T> = {}): void {
  for (const [id, value] of Object.entries(more)) if (!Object.hasOwn(known, id)) known[id] = value
}

async function addPackages(url: string): Promise<void> {
  const bundle = (await import(url)) as { default: Externals; lazy?: LazyExternals }
  addMissing(external, bundle.default)
  addMissing(lazy, bundle.lazy)
}

let fetches = 0

/** A pack's text calls `start()` and defines. Its URL is new each time: engines remember failed imports. */
async function fetchMissing(id: string): Promise<void> {
  await import(devURL(`pack.js?module=${encodeURIComponent(id)}&t=${Date.now()}-${++fetches}`))
}

async function loadSince(seen: number): Promise<void> {
  await import(devURL(`update.js?version=${seen + 1}&t=${Date.now()}-${++fetches}`))
}

function meta(id: string): object {
  return { url: root + id, env: {} }
}

/** Without the library that swaps components nobody can take their updates. */
function replaced(replacements: Replacement[]): string[] {
  const library = refreshLibrary()
  if (library) return refreshComponents(replacements, library.refresh)
  return replacements.filter(({ previous }) => previous.takesOwnUpdates).map(({ next }) => next.id)
}

const refreshLibrary = () => external['npm:eclipsa/dev/refresh'] as RefreshLibrary | undefined

/** Preact renders in microtasks: when the next task begins, all is done. */
async function renderErrors(): Promise<unknown[]> {
  await wait(0)
  return refreshLibrary()?.takeRenderErrors() ?? []
}

/** Counts what updates came to, since finding the places of errors takes a while. */
let outcomes = 0

function updated(names: string[]): void {
  outcomes++
  show('page', [])
  if (names.length > 0) console.info(`[eclipsa] updated ${names.join(', ')}`)
}

async function failed(errors: unknown[]): Promise<void> {
  const outcome = ++outcomes
  const described = await Promise.all(errors.map((error) => describeError(error, root)))
  if (outcome === outcomes) show('page', described)
}

function reload(reason?: string): void {
  reloadPage(reason, () => registry?.emit('vite:beforeFullReload', { type: 'full-reload', path: '*' }))
}

// --- the hot channel ---

let listening = false

function listen(): void {
  if (listening) return
  listening = true
  void followHotChannel({ url: channelURL, receive, isAnotherServer, reload, emit: (event, payload) => registry?.emit(event, payload) })
}

function channelURL(): URL {
  const url = new URL(devURL('hot'), location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  url.searchParams.set('token', token)
  if (version !== undefined) url.searchParams.set('since', String(version))
  return url
}

async function isAnotherServer(): Promise<boolean> {
  try {
    const answer = await fetch(devURL('client.js'), { cache: 'no-store' })
    return answer.ok && !(await answer.text()).includes(token)
  } catch {
    return false // there is none
  }
}

function receive(message: HotMessage): void {
  if (isReloading()) return
  switch (message.type) {
    case 'connected':
      return
    case 'update':
      if (!updates) return reload() // whatever the page is, it doesn't run the app
      version = message.version
      return updates.push(message)
    case 'reload':
      return reload(message.reason)
    case 'css':
      return updateStylesheet(message.path, message.url)
    case 'error':
      registry?.emit('vite:error', { type: 'error', err: { message: message.errors[0]?.text, stack: '' } })
      return show('server', message.errors)
    case 'ok':
      return errorPage ? reload() : show('server', [])
    default:
      message satisfies never
  }
}

function updateStylesheet(path: string, url: string): void {
  const payload = { type: 'update', updates: [{ type: 'css-update', path, acceptedPath: path, timestamp: Date.now() }] }
  registry?.emit('vite:beforeUpdate', payload)
  if (replaceStylesheet(url)) console.info(`[eclipsa] updated ${path}`)
  registry?.emit('vite:afterUpdate', payload)
}

const show = (source: ErrorSource, errors: readonly DevError[]): void => showErrors(source, errors, openInEditor)

/** Says why, where no editor opened. */
async function openInEditor(file: string, line: number, column: number): Promise<string | undefined> {
  const query = new URLSearchParams({ token, file, line: String(line), column: String(column) })
  try {
    const answer = await fetch(devURL(`open?${query}`), { method: 'POST' })
    return answer.ok ? undefined : (await answer.text()).trim()
  } catch {
    return 'The dev server does not answer.'
  }
}

const errorPage = globalThis.__ECLIPSA_ERROR_PAGE__
if (errorPage) show('server', errorPage)
// A page whose pack fails to load has no modules, but still waits for the repair.
if (errorPage || document.readyState === 'complete') listen()
else addEventListener('load', listen)
