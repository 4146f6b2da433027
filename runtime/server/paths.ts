/**
 * One canonical path for router, middlewares and static files: percent-decoded once, without `base`
 * and trailing slash, case-sensitive. What can't be made canonical is nobody's path.
 */

export type CanonicalPath =
  | { kind: 'path'; segments: string[]; path: string }
  /** The same page without its trailing slash. */
  | { kind: 'redirect'; location: string }
  | { kind: 'invalid' }
  /** Outside of `base`, or with empty segments (`//`). */
  | { kind: 'unknown' }

/** @param base starts and ends with a slash. */
export function canonicalPath(url: URL, base: string): CanonicalPath {
  const { pathname, search } = url
  if (pathname !== base && `${pathname}/` !== base && !pathname.startsWith(base)) return { kind: 'unknown' }
  const rest = pathname.slice(base.length)
  if (rest === '') return { kind: 'path', segments: [], path: '/' }
  const raw = rest.split('/')
  const trailing = raw.at(-1) === ''
  if (trailing) raw.pop()
  if (raw.includes('')) return { kind: 'unknown' }
  const segments: string[] = []
  for (const segment of raw) {
    const decoded = decodeSegment(segment)
    if (decoded === undefined) return { kind: 'invalid' }
    segments.push(decoded)
  }
  if (trailing) return { kind: 'redirect', location: base + raw.join('/') + search }
  return { kind: 'path', segments, path: `/${segments.join('/')}` }
}

/** Undefined for broken escapes, and for characters that other layers would read as a separator or an end. */
function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment.includes('\\') ? undefined : segment
  try {
    const decoded = decodeURIComponent(segment)
    return /[/\\\0]/.test(decoded) || decoded === '.' || decoded === '..' ? undefined : decoded
  } catch {
    return undefined
  }
}
