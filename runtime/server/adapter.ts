/** Which `upgradeWebSocket` serves the app: its own (`realtimeWebSocket` of `+server-entry.ts`), else the host's. */
import { Hono } from 'hono'
import type { RealtimeWebSocketAdapter, RealtimeWebSocketAdapterObject } from '../realtime/types.js'
import type { Capabilities, Handler } from './handler.js'
import type { Manifest } from './manifest.js'

type Fetch = (request: Request, env?: unknown, ctx?: unknown) => Promise<Response>

export function chooseAdapter(manifest: Manifest, capabilities: Capabilities, fetch: Fetch): Partial<RealtimeWebSocketAdapterObject> {
  const own = manifest.serverEntry?.['realtimeWebSocket'] as RealtimeWebSocketAdapter | undefined
  if (own === undefined) return capabilities
  if (typeof own === 'function') return own(adapterApp(fetch))
  // Development runs on Node, where the helpers of Bun, Deno and Workers can't work: the host's stands in.
  return manifest.mode === 'development' && capabilities.upgradeWebSocket !== undefined ? capabilities : own
}

export function injectOf(adapter: Partial<RealtimeWebSocketAdapterObject>): Handler['injectWebSocket'] {
  return adapter.injectWebSocket && ((server) => void adapter.injectWebSocket?.(server))
}

/** What `@hono/node-server` and adapters on it put into `env`. */
interface NodeEnv {
  incoming?: { url?: string; headers: { host?: string } }
}

/**
 * The Hono app that a factory gets. Adapters only ever ask it for a response. `@hono/node-ws` does so with a URL that
 * always says `localhost`, which would spoil the origin check, and ends the process when it throws: both are mended here.
 */
function adapterApp(fetch: Fetch): Hono {
  const app = new Hono()
  const guarded = async (request: Request, env?: unknown, ctx?: unknown): Promise<Response> => {
    try {
      return await fetch(request, env, ctx)
    } catch {
      return new Response('Internal server error\n', { status: 500 })
    }
  }
  app.fetch = guarded as typeof app.fetch
  app.request = ((input: string | URL | Request, init?: RequestInit, env?: unknown, ctx?: unknown) => {
    if (input instanceof Request) return guarded(input, env, ctx)
    const url = realUrl(input, env)
    return url === undefined ? new Response('Bad request\n', { status: 400 }) : guarded(new Request(url, init), env, ctx)
  }) as typeof app.request
  return app
}

function realUrl(input: string | URL, env: unknown): string | undefined {
  const incoming = (env as NodeEnv | undefined)?.incoming
  const base = `http://${incoming?.headers.host ?? 'localhost'}`
  const target = incoming?.url ?? String(input)
  const text = target.startsWith('/') ? base + target : target
  return URL.canParse(text) && !target.startsWith('//') ? text : undefined
}
