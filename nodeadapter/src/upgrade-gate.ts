/**
 * The one `upgrade` listener of ours on an HTTP server (DESIGN.md D8a). It owns the realtime paths and
 * answers everything below them; adapters get its facade, never the server, whose other upgrades
 * (Vite's HMR) they would answer too.
 */
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { declineUpgrade } from './declined-upgrade.js'
import { completeHandshake, isWebSocketHandshake, refuseHandshake } from './handshake.js'
import { requestUrl } from './request-url.js'
import { answer, answerResponse, readBody } from './socket-answer.js'
import type { Handler, UpgradeEvents } from './types.js'
import { isUpgradeResponse, type UpgradeEnv, upgradeKey, type UpgradeState } from './upgrade-state.js'

export interface GateOptions {
  /** Whether a request target, without its query, is ours. */
  owns: (path: string) => boolean
  /**
   * Set where nobody else listens for upgrades on this server: WebSockets that aren't ours get 404, and
   * requests that only offer another protocol get what this answers.
   */
  listener?: RequestListener | undefined
  /** Set where others listen, too: told of an upgrade that nobody has answered at the deadline. It gets 404 then. */
  unclaimed?: (target: string) => void
  /** Refuses with 403 before anything else is looked at. */
  admits?: (incoming: IncomingMessage) => boolean
  /** Waited for before an upgrade is decided: under Vite it brings the app up to date. What it throws answers 500. */
  prepare?: () => Promise<unknown>
  /** How long the app may take to decide. */
  deadlineMs?: number
}

export interface UpgradeGate {
  /** The handler from now on, with its own adapter if it has one. */
  use(handler: Handler): void
  /** Answers 503 from now on, and at once to those that are still undecided. */
  stop(): void
  /** Leaves upgrades to others from now on: the server outlives the app. */
  leave(): void
  /** Sockets whose upgrade is not decided, each with what ends it. */
  readonly undecided: ReadonlyMap<Socket, () => void>
}

type UpgradeListener = (incoming: IncomingMessage, socket: Socket, head: Buffer) => unknown

/** `base` starts and ends with a slash. */
export const ownsRealtime = (base: string) => (path: string): boolean => path.startsWith(`${base}__eclipsa/realtime/`)

/** Without a listener a reset connection would end the process. */
const ignore = (): void => {}

export function createUpgradeGate(server: Pick<Server, 'on' | 'off'>, options: GateOptions): UpgradeGate {
  const undecided = new Map<Socket, () => void>()
  const deadlineMs = options.deadlineMs ?? 10_000
  let handler: Handler | undefined
  let injected: UpgradeListener | undefined
  let stopped = false

  const claim = (incoming: IncomingMessage, socket: Socket, head: Buffer): void => {
    const target = incoming.url ?? ''
    const query = target.indexOf('?')
    const ours = options.owns(query < 0 ? target : target.slice(0, query))
    if (!ours && !options.listener) return leaveToOthers(target, socket)
    socket.on('error', ignore)
    if (options.admits && !options.admits(incoming)) return answer(socket, 403)
    const url = requestUrl(incoming)
    if (!url) return answer(socket, 400)
    if (!ours) return isWebSocketHandshake(incoming) ? answer(socket, 404) : declineUpgrade(incoming, socket, options.listener!)
    if (refuseHandshake(incoming, socket)) return
    if (stopped) return answer(socket, 503)
    if (!options.prepare) return start(url, incoming, socket, head, watch(socket))
    const settle = watch(socket)
    options.prepare().then(
      () => undecided.has(socket) && start(url, incoming, socket, head, settle),
      () => settle() && answer(socket, 500), // it has reported why
    )
  }
  server.on('upgrade', claim)

  /** Its client would wait for ever where nobody takes it. */
  function leaveToOthers(target: string, socket: Socket): void {
    const { unclaimed } = options
    if (unclaimed === undefined) return
    const written = socket.bytesWritten
    const timer = setTimeout(() => {
      if (socket.bytesWritten !== written) return
      socket.on('error', ignore)
      unclaimed(target)
      answer(socket, 404)
    }, deadlineMs)
    socket.once('close', () => clearTimeout(timer))
  }

  function start(url: URL, incoming: IncomingMessage, socket: Socket, head: Buffer, settle: () => boolean): void {
    if (!handler) return void (settle() && answer(socket, 503))
    if (injected) hand(injected, incoming, socket, head)
    else void decide(handler, url, incoming, socket, head, settle)
  }

  /** Bounds the time until the decision. The returned function ends it; false when it is too late. */
  function watch(socket: Socket): () => boolean {
    const written = socket.bytesWritten
    const settle = (): boolean => {
      clearTimeout(timer)
      socket.off('close', settle)
      return undecided.delete(socket)
    }
    // An adapter of the app tells nobody when it has answered.
    const tooLate = (): void => void (settle() && socket.bytesWritten === written && answer(socket, 503))
    const timer = setTimeout(tooLate, deadlineMs)
    undecided.set(socket, tooLate)
    socket.once('close', settle)
    return settle
  }

  async function decide(
    to: Handler, url: URL, incoming: IncomingMessage, socket: Socket, head: Buffer, settle: () => boolean,
  ): Promise<void> {
    try {
      const state: UpgradeState = {}
      const env: UpgradeEnv = { incoming, outgoing: undefined }
      if (isWebSocketHandshake(incoming)) env[upgradeKey] = state
      const response = await to(new Request(url, { headers: headersOf(incoming) }), env)
      const accepted = isUpgradeResponse(response) ? state.accepted : undefined
      const body = accepted ? undefined : await readBody(response)
      if (!settle()) return
      if (accepted) completeHandshake(incoming, socket, head, response, accepted)
      else answerResponse(socket, response, body!)
    } catch (error) {
      console.error(error)
      settle()
      answer(socket, 500)
    }
  }

  function hand(listener: UpgradeListener, incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    Promise.resolve()
      .then(() => listener(incoming, socket, head))
      .catch((error) => {
        console.error(error)
        answer(socket, 500)
      })
  }

  return {
    undecided,
    use(next) {
      const before = { handler, injected }
      handler = next
      injected = undefined
      const facade: UpgradeEvents = {
        on(name, listener) {
          // An adapter of a handler that was replaced comes too late.
          if (name === 'upgrade' && handler === next) injected = listener
          return facade
        },
        // Adapters that aren't alone leave refused sockets open.
        listenerCount: (name) => (name === 'upgrade' ? 1 : 0),
      }
      try {
        next.injectWebSocket?.(facade)
      } catch (error) {
        ;({ handler, injected } = before)
        throw error
      }
    },
    stop() {
      stopped = true
      for (const tooLate of [...undecided.values()]) tooLate()
    },
    leave() {
      server.off('upgrade', claim)
    },
  }
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  return headers
}
