/** Loads the page again: once, whatever else comes, and not before somebody looks at it. */
import { visible } from './waiting.js'

let leaving = false

export const isReloading = (): boolean => leaving

export function reloadPage(reason: string | undefined, before: () => void): void {
  if (leaving) return
  leaving = true
  console.info(`[eclipsa] loading the page again${reason ? `: ${reason}` : ''}`)
  void visible().then(() => {
    before()
    location.reload()
  })
}
