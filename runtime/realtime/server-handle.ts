/** The handle during SSR: closed, without messages, the same object for all, since nothing in it changes. */
import type { RealtimeHandle } from './types.js'

function refuse(method: string): () => never {
  return () => {
    throw new Error(
      `[eclipsa] ${method}() of a realtime handle works in the browser only: call it in an event handler or in onMount().`,
    )
  }
}

export const serverHandle: RealtimeHandle = Object.freeze({
  connect: refuse('connect'),
  send: refuse('send'),
  close: refuse('close'),
  status: 'closed' as const,
  isOpen: false,
  lastMessage: undefined,
  messages: Object.freeze([]),
  error: undefined,
})
