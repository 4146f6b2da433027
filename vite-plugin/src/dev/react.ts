/**
 * React is Preact, whoever asks for it. Vite's aliases see to that in what Vite transforms; packages that Node loads by
 * itself, as ES modules and as CommonJS, are led there when they ask.
 */
import Module from 'node:module'
import { sep } from 'node:path'
import { PREACT } from '../preact.js'

interface CommonJS {
  _load(request: string, parent: { filename?: string } | undefined, isMain: boolean): unknown
}

let led: Promise<void> | undefined

/** For the rest of the process. */
export const leadReactToPreact = (): Promise<void> => (led ??= lead())

async function lead(): Promise<void> {
  Module.register(new URL('./react-hooks.js', import.meta.url), { data: { to: PREACT, from: import.meta.url } })
  // The modules that ES modules get: CommonJS has a Preact of its own, which knows nothing of the page that is rendered.
  const loaded = new Map<string, unknown>()
  for (const [react, preact] of Object.entries(PREACT)) loaded.set(react, await import(preact))
  const commonJS = Module as unknown as CommonJS
  const load = commonJS._load
  commonJS._load = function (request, parent, isMain) {
    const isLed = loaded.has(request) && parent?.filename?.includes(`${sep}node_modules${sep}`)
    return isLed ? loaded.get(request) : load.call(this, request, parent, isMain)
  }
}
