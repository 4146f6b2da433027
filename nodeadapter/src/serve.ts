/** `dist/server/node.mjs`: the whole server on Node, given the handler and the folder of the client's files. */
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createHttpServer } from './http-server.js'
import { drainOnSignals } from './shutdown.js'
import { answerStatic } from './static.js'
import { isFolder, readStaticFiles } from './static-files.js'
import type { CreateHandler } from './types.js'
import { createUpgradeGate, ownsRealtime } from './upgrade-gate.js'
import { upgradeWebSocket } from './upgrade-websocket.js'

export type { Capabilities, CreateHandler, Handler } from './types.js'

export interface ServeOptions {
  createHandler: CreateHandler
  /** `dist/client/`. */
  clientDir: URL
  /** Starts and ends with a slash. */
  base: string
}

/** Listens on `PORT` (3000; 0 is any that is free) and `HOST` (all addresses), and drains on SIGTERM. */
export function serve(options: ServeOptions): void {
  start(options).catch((error) => {
    console.error(error)
    process.exit(1)
  })
}

async function start({ createHandler, clientDir, base }: ServeOptions): Promise<void> {
  const port = portOf(process.env['PORT'])
  if (port === undefined) return fail(`PORT is "${process.env['PORT']}": use a number from 0 to 65535`)
  const folder = fileURLToPath(clientDir)
  if (!(await isFolder(folder))) return fail(`there is no folder ${folder}: dist/client belongs beside dist/server`)
  const files = await readStaticFiles(folder, base)
  const handler = createHandler({ upgradeWebSocket })
  const server = createHttpServer(
    () => handler,
    (url, incoming, outgoing) => answerStatic(files, url.pathname, incoming, outgoing),
  )
  const gate = createUpgradeGate(server, {
    owns: ownsRealtime(base),
    listener: (incoming, outgoing) => server.emit('request', incoming, outgoing),
  })
  gate.use(handler)
  server.on('error', (error: NodeJS.ErrnoException) => fail(listenFailure(error, port)))
  drainOnSignals(server, gate, handler)
  const host = process.env['HOST'] || undefined
  server.listen({ port, host }, () => {
    console.log(`eclipsa: listening on http://${shown(host)}:${(server.address() as AddressInfo).port}${base}`)
  })
}

function portOf(text: string | undefined): number | undefined {
  if (!text) return 3000
  const port = Number(text)
  return /^\d+$/.test(text) && port <= 65535 ? port : undefined
}

/** What a person can click on. */
function shown(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

function listenFailure(error: NodeJS.ErrnoException, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: set PORT to another one`
    case 'EACCES':
      return `port ${port} needs more rights than this process has: set PORT to one from 1024`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST "${process.env['HOST']}" is no address of this machine`
  }
  return error.message
}

function fail(sentence: string): void {
  console.error(`eclipsa: ${sentence}`)
  process.exit(1)
}
