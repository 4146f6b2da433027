/** Close codes and reasons: what may be sent, and what a received one means (RFC 6455, section 7.4). */
import type { RealtimeCloseEvent } from './types.js'

/** The codes that eclipsa sends by itself. */
export const closeCode = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  /** Never sent: nothing came. */
  lost: 1006,
  policy: 1008,
  tooBig: 1009,
  handlerFailed: 1011,
  handlerReplaced: 1012,
  tryAgain: 1013,
} as const

const encoder = new TextEncoder()

/** @throws RangeError for a code that must not be on the wire, or a reason over 123 bytes of UTF-8. */
export function checkClose(code: number, reason: string): void {
  if (!isSendable(code)) {
    throw new RangeError(`[eclipsa] close code ${String(code)}: use 1000-1003, 1007-1014 or 3000-4999`)
  }
  checkReason(reason)
}

/** What browsers let a page send. @throws RangeError as above. */
export function checkBrowserClose(code: number, reason: string): void {
  if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
    throw new RangeError(`[eclipsa] close code ${String(code)}: a browser may send 1000 or 3000-4999`)
  }
  checkReason(reason)
}

function checkReason(reason: string): void {
  if (typeof reason !== 'string' || (reason.length > 41 && encoder.encode(reason).length > 123)) {
    throw new RangeError('[eclipsa] a close reason is a string of at most 123 bytes of UTF-8')
  }
}

function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}

/**
 * One close event for every host: Deno reports 0 for a lost connection, Bun and workerd put a text into
 * its reason, workerd passes illegal codes on, and `wasClean` is always false on Node and Bun.
 */
export function receivedClose(code: number | undefined, reason: string | undefined): RealtimeCloseEvent {
  if (code === 1005) return { code, reason: '', wasClean: true }
  if (code === undefined || !isSendable(code)) return { code: closeCode.lost, reason: '', wasClean: false }
  return { code, reason: reason ?? '', wasClean: true }
}
