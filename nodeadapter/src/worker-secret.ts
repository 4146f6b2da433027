/**
 * Whoever shares the machine can reach the worker's port: every request needs the secret that the Go
 * process passed on (nodeadapter/worker.go).
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const name = 'x-eclipsa-worker'

/** Checks the header and removes it: the app never sees it. */
export function createSecretCheck(secret: string): (incoming: IncomingMessage) => boolean {
  const expected = Buffer.from(secret)
  return (incoming) => {
    const given = incoming.headers[name]
    const { rawHeaders } = incoming
    for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
      if (rawHeaders[i]!.toLowerCase() === name) rawHeaders.splice(i, 2)
    }
    delete incoming.headers[name]
    if (typeof given !== 'string') return false
    const bytes = Buffer.from(given)
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  }
}
