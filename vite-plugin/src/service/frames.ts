/** Frames of the protocol: a length and that many bytes of JSON. */

export const MAX_FRAME = 64 * 1024 * 1024
const HEAD = 4

/** @throws Error for what is too long */
export function encodeFrame(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  if (text.length > MAX_FRAME) throw new Error(`it has ${text.length} bytes, and ${MAX_FRAME} are the most`)
  const frame = Buffer.allocUnsafe(HEAD + text.length)
  frame.writeUInt32LE(text.length)
  text.copy(frame, HEAD)
  return frame
}

/** Takes chunks as they come, and gives each frame's value once it is whole. */
export class FrameReader {
  #chunks: Buffer[] = []
  #size = 0

  /** @throws Error for what is no frame */
  push(chunk: Buffer): unknown[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const values: unknown[] = []
    for (;;) {
      if (this.#size < HEAD) return values
      const length = this.#peek(HEAD).readUInt32LE()
      if (length > MAX_FRAME) throw new Error(`a frame of ${length} bytes is longer than ${MAX_FRAME}`)
      if (this.#size < HEAD + length) return values
      const frame = this.#peek(HEAD + length)
      this.#chunks[0] = this.#chunks[0]!.subarray(HEAD + length)
      this.#size -= HEAD + length
      values.push(JSON.parse(frame.toString('utf8', HEAD)))
    }
  }

  /** The next bytes, which are there. */
  #peek(count: number): Buffer {
    if (this.#chunks[0]!.length < count) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!.subarray(0, count)
  }
}
