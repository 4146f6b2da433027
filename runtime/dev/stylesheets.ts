/** Replaces stylesheets of the page without a reload, and without a moment in which it has none of their rules. */

/** By path: the new version of a stylesheet, while it loads. */
const loading = new Map<string, HTMLLinkElement>()

/** @returns whether the page has the stylesheet */
export function replaceStylesheet(url: string): boolean {
  const next = new URL(url, location.href)
  loading.get(next.pathname)?.remove() // overtaken
  const links = [...document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"]')]
  const [old, ...rest] = links.filter((link) => new URL(link.href, location.href).pathname === next.pathname)
  if (!old) return false
  const fresh = old.cloneNode() as HTMLLinkElement
  fresh.href = next.href
  const settle = (gone: HTMLLinkElement[]) => () => {
    for (const link of gone) link.remove()
    if (loading.get(next.pathname) === fresh) loading.delete(next.pathname)
  }
  fresh.onload = settle([old, ...rest])
  fresh.onerror = settle([fresh])
  loading.set(next.pathname, fresh)
  old.after(fresh)
  return true
}
