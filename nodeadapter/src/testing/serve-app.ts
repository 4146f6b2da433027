/** A tiny server app for the tests that run `serve` in a process of its own. */
import { pathToFileURL } from 'node:url'
import { Hono } from 'hono'
import { streamText } from 'hono/streaming'
import { serve } from '../serve.js'
import type { Capabilities, Handler } from '../types.js'
import type { Session } from './upgrade-server.js'

function createHandler(capabilities?: Capabilities): Handler {
  const sessions = new Set<Session>()
  const app = new Hono()
  app.get('/', (c) => c.text(`home ${c.req.url}`))
  app.get('/cookies', (c) => {
    c.header('set-cookie', 'a=1; Path=/', { append: true })
    c.header('set-cookie', 'b=2; Path=/', { append: true })
    return c.body(null, 204)
  })
  app.post('/echo', async (c) => c.text(await c.req.text()))
  app.get('/stream', (c) => streamText(c, async (stream) => {
    await stream.write('first\n')
    await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()))
    await stream.write('last\n')
  }))
  app.get('/throw', () => {
    throw 'not an Error'
  })
  app.get('/__eclipsa/realtime/:id', capabilities!.upgradeWebSocket!(() => ({
    onOpen: (_event, session) => void sessions.add(session as Session),
    onMessage: (event, session) => session.send(event.data as string),
    onClose: (_event, session) => void sessions.delete(session as Session),
  })))
  return Object.assign(async (request: Request, env?: unknown) => app.fetch(request, env as object), {
    drain: async (options?: { spreadMs?: number }) => {
      console.log(`drain ${options?.spreadMs}`)
      for (const session of sessions) session.close(1001, 'going away')
    },
  })
}

serve({ createHandler, clientDir: pathToFileURL(`${process.argv[2]}/`), base: '/' })
