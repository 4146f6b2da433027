/** TCP by hand: HTTP clients normalise away what the tests are about. */
import { connect, type Socket } from 'node:net'

export const handshakeKey = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The lines of a correct handshake, changed as a test likes. */
export function handshake(target: string, lines: string[] = [], base = standardLines()): string {
  return [`GET ${target} HTTP/1.1`, ...base, ...lines, '', ''].join('\r\n')
}

export function standardLines(): string[] {
  return ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${handshakeKey}`]
}

/** Writes, and gives everything that came until the server ended the connection. */
export function exchange(port: number, text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => (received += chunk))
    socket.on('end', () => {
      socket.end()
      resolve(received)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' && received ? resolve(received) : reject(error)))
    const bound = setTimeout(() => socket.destroy(new Error(`no end after: ${JSON.stringify(received)}`)), 15_000)
    socket.on('close', () => clearTimeout(bound))
  })
}

export const statusOf = (response: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(response)?.[1] ?? 0)

/** Resolves with what was received once it matches. */
export function reads(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1')
      if (!pattern.test(received)) return
      socket.off('data', onData)
      resolve(received)
    }
    socket.on('data', onData)
    socket.once('close', () => reject(new Error(`closed after: ${JSON.stringify(received)}`)))
  })
}

/** A client's frame, masked with zeros. `length` may lie. */
export function frame(first: number, payload: Buffer | string, length?: Buffer): Buffer {
  const body = Buffer.from(payload)
  const size = length ?? (body.length < 126 ? Buffer.from([body.length]) : Buffer.from([126, body.length >> 8, body.length & 255]))
  const masked = Buffer.from(size)
  masked[0]! |= 0x80
  return Buffer.concat([Buffer.from([first]), masked, Buffer.alloc(4), body])
}
