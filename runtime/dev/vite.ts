/**
 * `eclipsa/dev/vite`: under Vite, components of a module that was evaluated again are swapped under their state. The
 * transform calls `components` at the end of each client module that has some.
 */
import { hasOtherHooks, refreshEach, type Told } from './components.js'
import { refresh } from './refresh.js'

/** The part of Vite's `import.meta.hot` that is needed. */
export interface ViteHot {
  /** Vitest, which updates nothing, has none. */
  readonly data?: { eclipsa?: Told & { takesOwnUpdates: boolean } }
  invalidate(message?: string): void
  on(event: 'vite:beforeUpdate' | 'eclipsa:ok', callback: () => void): void
}

/** A hook changed in the update under way: what is evaluated after it may call it, so that its state may not fit. */
let otherHooks = false

/** @param takesOwnUpdates the module accepts its own updates; one that no longer does hands them to its importers */
export function components(
  hot: ViteHot, path: string, components: Record<string, unknown>, signatures: Record<string, string>, takesOwnUpdates: boolean,
): void {
  if (hot.data === undefined) return
  // Each module anew: Vite forgets its listeners with it.
  hot.on('vite:beforeUpdate', () => void (otherHooks = false))
  hot.on('eclipsa:ok', removeOverlay)
  const previous = hot.data.eclipsa
  const next = (hot.data.eclipsa = { components, signatures, takesOwnUpdates })
  if (previous === undefined) return
  otherHooks ||= hasOtherHooks(previous, next)
  refreshEach(previous, next, otherHooks, refresh)
  if (previous.takesOwnUpdates && !takesOwnUpdates) hot.invalidate(`${path} exports something else than components now`)
}

/** An error of the server's was mended: no update of this page would take Vite's overlay away. */
function removeOverlay(): void {
  document.querySelectorAll('vite-error-overlay').forEach((overlay) => overlay.remove())
}
