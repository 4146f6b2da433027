/**
 * The development worker: runs the app's server modules for `eclipsa dev`. Go starts it, sends modules and
 * forwards requests (docs/architecture.md, "The worker"; nodeadapter/*.go is the other side).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpServer } from './http-server.js'
import { createUpgradeGate } from './upgrade-gate.js'
import { createWorkerApp, describe } from './worker-app.js'
import { createFinish } from './worker-finish.js'
import { readLoadRequest } from './worker-modules.js'
import { createSecretCheck } from './worker-secret.js'

const secret = process.env['ECLIPSA_WORKER_SECRET'] ?? ''
delete process.env['ECLIPSA_WORKER_SECRET']
if (!/^[0-9a-f]{32}$/.test(secret)) {
  console.error('eclipsa: this is the worker of `eclipsa dev`, which starts it itself')
  process.exit(1)
}

// An error that the app forgot must not take everybody's sessions along.
process.on('uncaughtException', (error) => console.error(error))
process.on('unhandledRejection', (error) => console.error(error))
// Ctrl-C reaches the whole process group: Go decides when the worker ends, by closing stdin.
process.on('SIGINT', () => {})
process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()

const isOurs = createSecretCheck(secret)
const app = createWorkerApp((handler) => gate.use(handler))
const server = createHttpServer(app.handler, (url, incoming, outgoing) => {
  if (!isOurs(incoming)) outgoing.writeHead(403, { Connection: 'close' }).end('this port belongs to eclipsa dev\n')
  else if (incoming.method === 'POST' && url.pathname === '/__eclipsa/worker/load') void load(incoming, outgoing)
  else if (incoming.method === 'POST' && url.pathname === '/__eclipsa/worker/stop') void finish(outgoing)
  else return watch(outgoing)
  return true
})
// Any base: the app knows its own and answers 404 below others.
const gate = createUpgradeGate(server, {
  owns: (path) => path.includes('/__eclipsa/realtime/'),
  listener: (incoming, outgoing) => server.emit('request', incoming, outgoing),
  admits: isOurs,
})

const { finish, watch } = createFinish(app.handler, gate)

async function load(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let result
  try {
    result = await app.load(await readLoadRequest(incoming.setEncoding('utf8')))
  } catch (error) {
    result = { ok: false, error: describe(error) }
  }
  outgoing.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result))
}

server.listen({ port: 0, host: '127.0.0.1' }, () => {
  process.stdout.write(`${JSON.stringify({ eclipsaWorker: 1, port: (server.address() as AddressInfo).port })}\n`)
})
