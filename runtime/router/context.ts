/** Where a component is: the same on the server and in the browser. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

/** The page's URL in parts, without origin. */
export interface RouteLocation {
  pathname: string
  /** With its question mark, or empty. */
  search: string
  /** With its `#`; always empty on the server, which never learns it. */
  hash: string
}

/** Decoded; a rest segment keeps its slashes, an optional one that is absent has no key. */
export type RouteParams = Record<string, string>

export interface RouteState {
  /** The route's pattern: `/rooms/[id]`. */
  id: string
  params: RouteParams
  location: RouteLocation
}

export const RouteContext = createContext<RouteState | undefined>(undefined)

function useRoute(hook: string): RouteState {
  const route = useContext(RouteContext)
  if (route === undefined) throw new Error(`${hook}() works in pages and layouts of an eclipsa app only.`)
  return route
}

/** The params of the page's route. */
export const useRouteParams = (): RouteParams => useRoute('useRouteParams').params

/** The page's location. */
export const useLocation = (): RouteLocation => useRoute('useLocation').location
