/** What the server says to the browser in the HTML: one JSON script, read once when the page comes alive. */
import type { RouteState } from '../router/context.js'

/** The element that holds the page, and the script that holds its state. */
export const CONTAINER_ID = 'eclipsa'
export const STATE_ID = 'eclipsa-state'

export interface PageState {
  route: Pick<RouteState, 'id' | 'params'>
}

/** As text for a script element: no `<` can end it or open a comment. */
export function writePageState(state: PageState): string {
  return JSON.stringify(state).replaceAll('<', '\\u003c')
}

/** Undefined on pages without state, such as plain error pages. */
export function readPageState(document: Document): PageState | undefined {
  const text = document.getElementById(STATE_ID)?.textContent
  return text ? (JSON.parse(text) as PageState) : undefined
}
