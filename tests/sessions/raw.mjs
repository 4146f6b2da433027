/**
 * HTTP and WebSocket as bytes on a TCP socket: for everything that well-behaved clients refuse to send.
 */
import { connect } from 'node:net'
import { patience } from './patience.mjs'

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

/** A client's frame. `length` writes another length than the payload's. */
export function frame(payload = '', { opcode = opcodes.text, fin = true, rsv = 0, masked = true, length } = {}) {
  const data = Buffer.from(payload)
  const size = BigInt(length ?? data.length)
  const extended = size < 126n ? 0 : size < 65_536n ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (extended === 0 ? Number(size) : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(Number(size), 2)
  if (extended === 8) head.writeBigUInt64BE(size, 2)
  if (!masked) return Buffer.concat([head, data])
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d])
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ mask[i % 4])])
}

/** A client's close frame. */
export function closeFrame(code, reason = '') {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return frame(Buffer.concat([payload, Buffer.from(reason)]), { opcode: opcodes.close })
}

/** The text of an upgrade request; a header that is undefined is left out. */
export function upgradeRequest(target, host, headers = {}) {
  const all = {
    Host: host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }
  return requestText('GET', target, all)
}

/** A list as value becomes several headers. */
export function requestText(method, target, headers) {
  const lines = [`${method} ${target} HTTP/1.1`]
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value].flat()) if (one !== undefined) lines.push(`${name}: ${one}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

export async function connectRaw({ hostname, port }) {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true })
  const raw = new RawConnection(socket)
  await patience(new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject)), 'the TCP connection')
  return raw
}

class RawConnection {
  #bytes = Buffer.alloc(0)
  #ended = false
  #wake = () => {}

  constructor(socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    const over = () => {
      this.#ended = true
      this.#wake()
    }
    socket.on('error', over).on('end', over).on('close', over)
  }

  /** @param {string | Buffer} data as latin1 where it is text */
  write(data) {
    this.socket.write(data, 'latin1')
  }

  /** What `parse` finds at the beginning of what came; undefined when the connection ends before. */
  async #take(parse, what) {
    for (;;) {
      const found = parse(this.#bytes)
      if (found) {
        this.#bytes = this.#bytes.subarray(found.size)
        return found.value
      }
      if (this.#ended) return undefined
      await patience(new Promise((resolve) => (this.#wake = resolve)), what)
    }
  }

  /** Status and headers of the next response; undefined when the connection ends without one. */
  head() {
    return this.#take((bytes) => {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return undefined
      const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
      const headers = new Headers(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
      return { size: end + 4, value: { status: Number(first.split(' ')[1]), headers } }
    }, 'a response')
  }

  /** The next frame; undefined when the connection ends. */
  frame() {
    return this.#take((bytes) => {
      if (bytes.length < 2) return undefined
      const short = bytes[1] & 0x7f
      const start = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length < start) return undefined
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
      if (bytes.length < start + length) return undefined
      return { size: start + length, value: { opcode: bytes[0] & 0x0f, payload: bytes.subarray(start, start + length) } }
    }, 'a frame')
  }

  /** The parsed JSON of the next text frame, passing over pings. */
  async json() {
    for (;;) {
      const next = await this.frame()
      if (!next) throw new Error('the connection ended instead of a frame')
      if (next.opcode === opcodes.text) return JSON.parse(next.payload.toString())
      if (next.opcode === opcodes.close) throw new Error(`closed with ${next.payload.readUInt16BE()} instead of a frame`)
    }
  }

  /** The code of the close frame; 1005 for one without, 1006 where the connection ends without one. */
  async closeCode() {
    for (;;) {
      const next = await this.frame()
      if (!next) return 1006
      if (next.opcode === opcodes.close) return next.payload.length >= 2 ? next.payload.readUInt16BE() : 1005
    }
  }

  /** Resolves with all that still comes, once the server has ended the connection. */
  async rest() {
    while (!this.#ended) await patience(new Promise((resolve) => (this.#wake = resolve)), 'the end of the connection')
    return this.#bytes.toString('latin1')
  }

  reset() {
    this.socket.resetAndDestroy()
  }

  destroy() {
    this.socket.destroy()
  }
}
