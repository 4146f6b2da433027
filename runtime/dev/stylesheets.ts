/** The page's stylesheets: never is there a moment in which it has none of their rules. */

/** By path: the new version of a stylesheet, while it loads. */
const loading = new Map<string, HTMLLinkElement>()

/**
 * Replaces a stylesheet of the page by a new version.
 * @returns whether the page has the stylesheet
 */
export function replaceStylesheet(url: string): boolean {
  const next = new URL(url, location.href)
  loading.get(next.pathname)?.remove() // overtaken
  const links = [...document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"]')]
  const [old, ...rest] = links.filter((link) => new URL(link.href, location.href).pathname === next.pathname)
  if (!old) return false
  const fresh = old.cloneNode() as HTMLLinkElement
  fresh.href = url // as modules look for it
  fresh.disabled = false // it may not have had its turn yet
  const settle = (gone: HTMLLinkElement[]) => () => {
    for (const link of gone) link.remove()
    dropPack()
    if (loading.get(next.pathname) === fresh) loading.delete(next.pathname)
  }
  fresh.onload = settle([old, ...rest])
  fresh.onerror = settle([fresh])
  loading.set(next.pathname, fresh)
  old.after(fresh)
  return true
}

/** The link of a route's stylesheets in one, and a link for each of them. */
let packed: { one: HTMLLinkElement; each: HTMLLinkElement[] } | undefined

/**
 * The first frame waits for one response with all of a route's stylesheets. From here on each has its own link, for
 * updates and for devtools; they load when the page has nothing else to do, and then the one goes.
 * @param pack where it is, without its query
 */
export function splitStylesheets(pack: string, urls: readonly string[]): void {
  const one = document.querySelector<HTMLLinkElement>(`link[rel="stylesheet"][href^="${CSS.escape(pack)}?"]`)
  if (!one || urls.length === 0) return
  const each = urls.map((url) => {
    const link = one.cloneNode() as HTMLLinkElement
    link.href = url
    link.disabled = true // until it has its turn; modules look for their link before
    link.onload = dropPack
    return link
  })
  one.after(...each)
  packed = { one, each }
  whenIdle(() => {
    for (const link of each) link.disabled = false
    dropPack()
  })
}

/** Where one of them doesn't load the page keeps what it has. */
function dropPack(): void {
  if (!packed?.each.every((link) => !link.isConnected || link.sheet)) return
  packed.one.remove()
  packed = undefined
}

function whenIdle(run: () => void): void {
  if (document.readyState !== 'complete') addEventListener('load', () => whenIdle(run), { once: true })
  else if ('requestIdleCallback' in globalThis) requestIdleCallback(run, { timeout: 1000 })
  else setTimeout(run)
}
