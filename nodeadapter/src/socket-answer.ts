/** HTTP answers written straight onto the socket of an upgrade request, which has no ServerResponse. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/** How much of a refusal's body is sent; the rest is cut. */
const maxBody = 1024 * 1024

/** How long a client may take to read a refusal and close. */
const lingerMs = 2_000

/** Belong to the connection, which is ours. */
const hopByHop = new Set([
  'connection', 'content-length', 'keep-alive', 'proxy-authenticate', 'proxy-connection', 'te', 'trailer', 'transfer-encoding',
  'upgrade', 'sec-websocket-accept', 'sec-websocket-extensions', 'sec-websocket-protocol',
])

/** Ends the connection with a short text, or with nothing. */
export function answer(socket: Socket, status: number, text = `${STATUS_CODES[status]}\n`, headers: string[] = []): void {
  write(socket, status, STATUS_CODES[status] ?? '', ['Content-Type: text/plain; charset=utf-8', ...headers], Buffer.from(text))
}

/** Ends the connection with what the app answered instead of upgrading. */
export function answerResponse(socket: Socket, response: Response, body: Buffer): void {
  const headers = headerLines(response.headers)
  // RFC 9110: a 426 names the protocol.
  if (response.status === 426) headers.push('Upgrade: websocket')
  write(socket, response.status, STATUS_CODES[response.status] ?? '', headers, body)
}

/** As lines; each Set-Cookie is one of its own. `Headers` has refused line breaks and NUL already. */
export function headerLines(headers: Headers): string[] {
  const lines: string[] = []
  for (const [name, value] of headers) {
    if (!hopByHop.has(name)) lines.push(`${name}: ${value}`)
  }
  return lines
}

export async function readBody(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body) {
    const reader = response.body.getReader()
    while (size < maxBody) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      size += value.byteLength
    }
    if (size >= maxBody) reader.cancel().catch(() => {})
  }
  return Buffer.concat(chunks).subarray(0, maxBody)
}

function write(socket: Socket, status: number, phrase: string, headers: string[], body: Buffer): void {
  if (socket.destroyed || socket.writableEnded) return
  const bodiless = status === 204 || status === 304
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    ...headers,
    ...(bodiless ? [] : [`Content-Length: ${body.byteLength}`]),
    'Connection: close',
    '\r\n',
  ].join('\r\n')
  socket.cork()
  socket.write(head, 'latin1')
  if (!bodiless) socket.write(body)
  endGently(socket)
}

export function endGently(socket: Socket): void {
  socket.end()
  // What the client sends from here on is read and thrown away: closing over unread bytes would reset
  // the connection and could take the answer with it. Bytes behind a refused upgrade never run (S19).
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
