/** Finds the route of a canonical path. Routes come most specific first, so the first match wins. */
import type { RouteParams } from '../router/context.js'
import type { RouteEntry, Segment } from './manifest.js'

export interface Match {
  route: RouteEntry
  params: RouteParams
}

export function matchRoute(routes: readonly RouteEntry[], segments: readonly string[]): Match | undefined {
  for (const route of routes) {
    const params: RouteParams = Object.create(null)
    if (matches(route.segments, segments, 0, 0, params)) return { route, params: { ...params } }
  }
  return undefined
}

/** Optional segments may be absent in the middle of a pattern, hence the two positions and the way back. */
function matches(pattern: readonly Segment[], path: readonly string[], p: number, s: number, params: RouteParams): boolean {
  const segment = pattern[p]
  if (segment === undefined) return s === path.length
  const value = path[s]
  switch (segment.type) {
    case 'static':
      return value === segment.value && matches(pattern, path, p + 1, s + 1, params)
    case 'param':
      return value !== undefined && assign(params, segment.name, value, () => matches(pattern, path, p + 1, s + 1, params))
    case 'optional':
      if (value !== undefined && assign(params, segment.name, value, () => matches(pattern, path, p + 1, s + 1, params))) return true
      return matches(pattern, path, p + 1, s, params)
    case 'rest':
      // At least one segment, and always the last of a pattern.
      return s < path.length && assign(params, segment.name, path.slice(s).join('/'), () => true)
  }
}

function assign(params: RouteParams, name: string, value: string, then: () => boolean): boolean {
  params[name] = value
  if (then()) return true
  delete params[name]
  return false
}
