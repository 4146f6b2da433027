/** `vite preview`: what `vite build` wrote, on Vite's preview server. Vite serves the client's files, the built handler the rest. */
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { answerRequests, answerStatic, type CreateHandler, createUpgradeGate, type Handler, ownsRealtime, readStaticFiles, upgradeWebSocket } from '@eclipsa/node/host'
import type { Connect, Plugin, PreviewServer } from 'vite'
import { misuse } from './misuse.js'

export function previewPlugin(): Plugin {
  return {
    name: 'eclipsa:preview',
    async configurePreviewServer(server) {
      const pages = await pagesOf(server)
      return () => {
        server.middlewares.use(pages)
      }
    },
  }
}

async function pagesOf({ config, httpServer }: PreviewServer): Promise<Connect.NextHandleFunction> {
  const folder = (name: string): string => resolve(config.root, config.environments[name]!.build.outDir)
  const clientDir = folder('client')
  if (!existsSync(clientDir)) throw misuse(`there is no ${clientDir} to show: run \`vite build\` first.`)
  const files = await readStaticFiles(clientDir, config.base)
  const handler = await builtHandler(join(folder('ssr'), 'index.mjs'))
  if (handler !== undefined) {
    const gate = createUpgradeGate(httpServer as Server, {
      owns: ownsRealtime(config.base),
      // Other upgrades are requests, unless there is a proxy that may take them.
      ...(Object.keys(config.preview.proxy ?? {}).length === 0 && { listener: (incoming, outgoing) => httpServer.emit('request', incoming, outgoing) }),
    })
    gate.use(handler)
    httpServer.on('close', () => gate.stop())
  }
  const listener = answerRequests(
    () => handler ?? noServer,
    ({ pathname }, incoming, outgoing) =>
      answerStatic(files, pathname, incoming, outgoing) || (handler === undefined && answerStatic(files, pathname.replace(/\/?$/, '/index.html'), incoming, outgoing)),
  )
  return (incoming, outgoing) => {
    incoming.url = incoming.originalUrl ?? incoming.url ?? '/' // with the base, which Vite takes away
    listener(incoming, outgoing)
  }
}

/** A folder of pages has no other answer. */
const noServer: Handler = Object.assign(async () => new Response('Not Found\n', { status: 404 }), { drain: async () => {} })

/** `ssg: true` leaves none. */
async function builtHandler(index: string): Promise<Handler | undefined> {
  if (!existsSync(index)) return undefined
  const { default: createHandler } = (await import(pathToFileURL(index).href)) as { default: CreateHandler }
  return createHandler({ upgradeWebSocket })
}
