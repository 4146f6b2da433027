/** A folder of files, some beside and around it that must never be served, and a server for it. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpServer } from '../http-server.js'
import { answerStatic } from '../static.js'
import { readStaticFiles } from '../static-files.js'

export const text = 'abcdefghijklmnopqrstuvwxyz'
const root = mkdtempSync(join(tmpdir(), 'eclipsa-static-'))
const client = join(root, 'client')
let server: ReturnType<typeof createHttpServer>
export let port: number

export async function startFiles(): Promise<void> {
  const files = {
    '.env': 'SECRET', 'client/.env': 'SECRET', 'client/.git/config': 'SECRET', 'server/index.mjs': 'SECRET', 'client-secret/x.txt': 'SECRET',
    'client/a.txt': text, 'client/empty.txt': '', 'client/with space.txt': 'space', 'client/héé.txt': 'accents', 'client/100%.txt': 'percent',
    'client/.well-known/security.txt': 'known', 'client/admin/x.txt': 'admin', 'client/noextension': 'bytes',
    'client/assets/app-1a2b.js': 'js', 'client/assets/app-1a2b.js.br': 'BR', 'client/assets/app-1a2b.js.gz': 'GZ', 'client/alone.gz': 'alone',
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  symlinkSync(join(root, '.env'), join(client, 'link.txt'))
  symlinkSync(join(root, 'server'), join(client, 'linked'))
  const table = await readStaticFiles(client, '/')
  const app = Object.assign(async () => new Response('app', { status: 404 }), { drain: async () => {} })
  server = createHttpServer(() => app, (url, incoming, outgoing) => answerStatic(table, url.pathname, incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
}

export function stopFiles(): void {
  server.closeAllConnections()
  server.close()
  rmSync(root, { recursive: true })
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, headers, method, agent: false }, (incoming) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (chunk) => (body += chunk))
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, body }))
    }).on('error', reject)
  })
}
