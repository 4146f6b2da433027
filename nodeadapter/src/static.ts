/** Answers GET and HEAD for the files of `dist/client/`. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { accepts } from './accept-encoding.js'
import { byteRange } from './byte-range.js'
import { type StaticFile, type StaticFiles, staticPath } from './static-files.js'

/** True when the path is a file's; the answer is then under way. */
export function answerStatic(files: StaticFiles, pathname: string, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return false
  const path = staticPath(pathname)
  const file = path === undefined ? undefined : files.get(path)
  if (!file) return false
  send(file, incoming, outgoing).catch((error: NodeJS.ErrnoException) => {
    // A client that went away is no news; a file that did is.
    if (incoming.socket.destroyed && outgoing.headersSent) return
    console.error(error)
    if (outgoing.headersSent) outgoing.destroy()
    else outgoing.writeHead(500).end()
  })
  return true
}

async function send(file: StaticFile, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { headers, method } = incoming
  // Ranges are of the file itself: nobody resumes a compressed copy.
  const copy = headers.range === undefined ? file.copies.find(({ encoding }) => accepts(headers['accept-encoding'], encoding)) : undefined
  const path = copy?.path ?? file.path
  const handle = await open(path)
  try {
    const { size, mtimeMs } = await handle.stat()
    const tag = await tagOf(path, handle, size, mtimeMs)
    outgoing.setHeader('Content-Type', file.type)
    outgoing.setHeader('X-Content-Type-Options', 'nosniff')
    outgoing.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    outgoing.setHeader('ETag', tag)
    outgoing.setHeader('Accept-Ranges', 'bytes')
    if (file.copies.length > 0) outgoing.setHeader('Vary', 'Accept-Encoding')
    if (copy) outgoing.setHeader('Content-Encoding', copy.encoding)
    if (isKnown(headers['if-none-match'], tag)) {
      outgoing.removeHeader('Content-Type')
      outgoing.removeHeader('Content-Encoding')
      outgoing.writeHead(304).end()
      return
    }
    const wanted = headers['if-range'] === undefined || headers['if-range'] === tag ? headers.range : undefined
    const range = byteRange(wanted, size)
    if (range === null) {
      outgoing.removeHeader('Content-Type')
      outgoing.writeHead(416, { 'Content-Range': `bytes */${size}`, 'Content-Length': 0 }).end()
      return
    }
    const { start, end } = range ?? { start: 0, end: size - 1 }
    outgoing.setHeader('Content-Length', end - start + 1)
    if (range) outgoing.setHeader('Content-Range', `bytes ${start}-${end}/${size}`)
    outgoing.writeHead(range ? 206 : 200)
    if (method === 'HEAD' || end < start) outgoing.end()
    else await pipeline(handle.createReadStream({ start, end, autoClose: false }), outgoing)
  } finally {
    await handle.close()
  }
}

function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || header.split(',').some((known) => known.trim().replace(/^W\//, '') === tag)
}

const tags = new Map<string, { size: number; mtimeMs: number; tag: Promise<string> }>()

/**
 * A hash of the content, made at the first request: times differ from node to node, and builds that are
 * reproducible give every file the same one.
 */
function tagOf(path: string, handle: FileHandle, size: number, mtimeMs: number): Promise<string> {
  const known = tags.get(path)
  if (known && known.size === size && known.mtimeMs === mtimeMs) return known.tag
  const tag = hash(handle)
  tags.set(path, { size, mtimeMs, tag })
  tag.catch(() => tags.delete(path))
  return tag
}

async function hash(handle: FileHandle): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) digest.update(chunk as Buffer)
  return `"${digest.digest('base64url').slice(0, 22)}"`
}
