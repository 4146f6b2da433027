/**
 * A planned restart: Go has stopped forwarding and waits, bounded, while the worker ends what it has. The
 * process itself ends when its stdin closes.
 */
import type { ServerResponse } from 'node:http'
import type { Handler } from './types.js'
import type { UpgradeGate } from './upgrade-gate.js'

/** How long requests and sessions may take. */
const deadlineMs = 1_000

export interface Finish {
  /** Counts a request of the app until its answer is out. False: this answers nothing itself. */
  watch(outgoing: ServerResponse): false
  /** Admits no session any more, closes those that are open with 1012, waits for requests, and answers 200. */
  finish(outgoing: ServerResponse): Promise<void>
}

export function createFinish(handlerOf: () => Handler | undefined, gate: UpgradeGate): Finish {
  let requests = 0
  let onIdle: (() => void) | undefined

  return {
    watch(outgoing) {
      requests++
      outgoing.once('close', () => {
        if (--requests === 0) onIdle?.()
      })
      return false
    },
    async finish(outgoing) {
      gate.stop()
      const idle = new Promise<void>((resolve) => {
        if (requests === 0) resolve()
        else onIdle = resolve
      })
      let timer
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)))
      await Promise.race([Promise.all([idle, closeSessions(handlerOf())]), late])
      clearTimeout(timer)
      outgoing.writeHead(200, { Connection: 'close' }).end()
    },
  }
}

async function closeSessions(handler: Handler | undefined): Promise<void> {
  try {
    await handler?.drain({ spreadMs: 0, code: 1012, reason: 'the server restarts' })
  } catch (error) {
    console.error(error)
  }
}
