/** SIGTERM and SIGINT: nothing new, sessions close, requests finish, the process ends (DESIGN.md section 7). */
import type { Server } from 'node:http'
import type { Handler } from './types.js'
import type { UpgradeGate } from './upgrade-gate.js'

const spreadMs = 5_000
/** Less than the 10 s that the container's owner was told. */
const deadlineMs = 9_500

/** A second signal ends the process at once. */
export function drainOnSignals(server: Server, gate: UpgradeGate, handler: Handler): void {
  let stopping = false
  const onSignal = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => process.exit(0), deadlineMs)
    drain(server, gate, handler).then(
      () => process.exit(0),
      (error) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

async function drain(server: Server, gate: UpgradeGate, handler: Handler): Promise<void> {
  gate.stop()
  // Resolves when the last connection has ended, upgraded ones included.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // Connections that stay open for a next request get none.
  server.prependListener('request', (_incoming, outgoing) => outgoing.setHeader('Connection', 'close'))
  const closing = setInterval(() => server.closeIdleConnections(), 100)
  server.closeIdleConnections()
  await Promise.all([closed, handler.drain({ spreadMs })])
  clearInterval(closing)
}
