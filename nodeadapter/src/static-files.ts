/**
 * The files that may be served: read once at the start, by the path of their URL. A request is only
 * ever looked up here, so no spelling of a path leads anywhere else on the disk (S7 to S11).
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lookup } from 'mrmime'

export interface StaticFile {
  path: string
  type: string
  /** The name holds a hash of the content. */
  immutable: boolean
  /** Precompressed copies beside it, best first. */
  copies: { encoding: 'br' | 'gzip'; path: string }[]
}

/** By decoded URL path, with `base`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

const copyEndings = [['.br', 'br'], ['.gz', 'gzip']] as const

/** `base` starts and ends with a slash. Links and names that start with a dot stay out, except `.well-known`. */
export async function readStaticFiles(root: string, base: string): Promise<StaticFiles> {
  const found = new Map<string, string>()
  await collect(root, '', found)
  const files = new Map<string, StaticFile>()
  for (const [name, path] of found) {
    if (copyEndings.some(([ending]) => name.endsWith(ending) && found.has(name.slice(0, -ending.length)))) continue
    const copies = copyEndings.flatMap(([ending, encoding]) => {
      const copy = found.get(name + ending)
      return copy === undefined ? [] : [{ encoding, path: copy }]
    })
    files.set(base + name, { path, type: typeOf(name), immutable: name.startsWith('assets/'), copies })
  }
  return files
}

async function collect(folder: string, prefix: string, found: Map<string, string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') && entry.name !== '.well-known') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await collect(path, `${prefix}${entry.name}/`, found)
    else if (entry.isFile()) found.set(prefix + entry.name, path)
  }
}

function typeOf(name: string): string {
  const type = lookup(name) ?? 'application/octet-stream'
  return /^text\/|^application\/(?:json|xml|manifest\+json)$|\+xml$/.test(type) ? `${type}; charset=utf-8` : type
}

/**
 * The key of a request path: percent-encoding is undone once. Undefined for what could mean something
 * else to whoever decodes differently: an encoded slash or backslash, a control character.
 */
export function staticPath(pathname: string): string | undefined {
  if (!pathname.includes('%')) return pathname
  if (/%(?:2f|5c|[01][0-9a-f]|7f)/i.test(pathname)) return undefined
  try {
    return decodeURIComponent(pathname)
  } catch {
    return undefined
  }
}

/** Whether the folder is there at all: without it nothing can be served, and the reason should be said. */
export const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then((info) => info.isDirectory(), () => false)
