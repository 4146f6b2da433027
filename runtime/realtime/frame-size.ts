/** The size of a text in UTF-8, counted only where it could matter. */

const encoder = new TextEncoder()

/** Exact near and over `limit`; far below it the number of UTF-16 units, which is less by a factor of 3 at most. */
export function byteLength(text: string, limit: number): number {
  if (text.length * 3 <= limit || text.length > limit) return text.length
  return encoder.encode(text).length
}
