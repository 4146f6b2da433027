/** The hook behind `useRoom()`: ties a handle to a mounted component (session rules 5 and 6). */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ClientHandle } from './handle.js'
import { serverHandle } from './server-handle.js'
import type { RealtimeHandle } from './types.js'

export function useHandle(id: string): RealtimeHandle {
  // The side never changes while a component lives, so the hooks are called always or never.
  return typeof document === 'undefined' ? serverHandle : useMountedHandle(id)
}

function useMountedHandle(id: string): RealtimeHandle {
  // A ref, since a hot update makes memos anew.
  const ref = useRef<ClientHandle>(undefined)
  const handle = (ref.current ??= new ClientHandle(id))
  // No dependency list: a hot update runs the cleanup of every effect and renders again, and the session
  // must live through that. `release` waits for a moment whether `retain` follows.
  useLayoutEffect(() => {
    handle.retain()
    return () => handle.release()
  })
  return handle
}
