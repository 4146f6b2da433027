/** Makes what an update threw an error of the overlay, with the places of the sources. */
import type { DevError } from './hot-messages.js'
import { type IndexMap, type SourceMap, sourcePlace } from './source-map.js'

/** Lines of a stack that are worth showing. */
const MOST_LINES = 10

interface Frame {
  name: string
  url: string
  line: number
  column: number
}

/** @param root the URL under which the app's modules are */
export async function describeError(error: unknown, root: string): Promise<DevError> {
  const described: DevError = { severity: 0, text: textOf(error), path: '', line: 0, column: 0, length: 0, lineText: '', notes: [] }
  const maps = new Map<string, Promise<SourceMap | IndexMap | undefined>>()
  for (const frame of framesOf(error)) {
    const url = mapURL(frame.url, root)
    if (url === undefined) continue
    if (!maps.has(url)) maps.set(url, fetchMap(url))
    const map = await maps.get(url)
    const place = map && sourcePlace(map, frame.line, frame.column)
    if (!place) continue
    const { source: path, line, column, lineText } = place
    if (described.path === '') Object.assign(described, { path, line, column, lineText, length: lineText ? 1 : 0 })
    described.notes!.push(`at ${frame.name ? `${frame.name} (${path}:${line}:${column})` : `${path}:${line}:${column}`}`)
    if (described.notes!.length >= MOST_LINES) break
  }
  return described
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return `Thrown: ${String(error)}`
  return error.name === 'Error' || error.message.startsWith(error.name) ? error.message : `${error.name}: ${error.message}`
}

/** `at name (url:line:column)` or `name@url:line:column`, by browser. */
function framesOf(error: unknown): Frame[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return stack.split('\n').flatMap((line) => {
    const match = /^\s*(?:at )?(.*?)\s*[(@]?(https?:\/\/[^\s()]*(?:\([^\s()]*\)[^\s()]*)*):(\d+):(\d+)\)?$/.exec(line)
    return match ? [{ name: match[1]!, url: match[2]!, line: Number(match[3]), column: Number(match[4]) }] : []
  })
}

/** Where the map of a text is that the dev server made of the app's modules. */
function mapURL(url: string, root: string): string | undefined {
  if (!url.startsWith(root)) return undefined
  const path = url.slice(root.length)
  if (path.startsWith('__eclipsa/dev/pack.js?')) return root + path.replace('pack.js', 'pack.js.map')
  if (path.startsWith('__eclipsa/')) return undefined // packages, and the registry
  return `${root}__eclipsa/dev/map/${path}`
}

async function fetchMap(url: string): Promise<SourceMap | IndexMap | undefined> {
  try {
    const answer = await fetch(url)
    return answer.ok ? ((await answer.json()) as SourceMap | IndexMap) : undefined
  } catch {
    return undefined
  }
}
