/**
 * What the Go side (or the Vite plugin) knows about an app, as data without behaviour.
 * Go writes it as a module (`app.ServerManifest`); `createApp` in `app.ts` reads it, the same in
 * development, under Vite and in `dist/`.
 */

/** Loads a module of the app; calling it again gives the same module. */
export type Load = () => Promise<Record<string, unknown>>

export interface Manifest {
  /** In development errors are shown in full. */
  mode: 'development' | 'production'
  /** Prefix of pages, assets and `/__eclipsa/`: starts and ends with a slash. */
  base: string
  settings: Settings
  /** Most specific first: the first that matches serves the request. */
  routes: RouteEntry[]
  /** Every server symbol by its id. Own properties only. */
  symbols: Record<string, SymbolEntry>
  /** The namespace of `app/+server-entry.ts`. */
  serverEntry?: Record<string, unknown>
  /** `app/+ssr-root.tsx`. */
  ssrRoot?: Load
  /** Module scripts of the page for unknown URLs, which has no others. Absent in builds. */
  notFoundScripts?: string[]
  /** What every page's document needs, beside its route's assets. */
  assets: Assets
}

/** The part of the settings that the server obeys; see `eclipsa.config.json`. */
export interface Settings {
  allowedHosts?: string[]
  allowedOrigins?: string[]
  trustProxy?: boolean
}

export interface RouteEntry {
  /** The pattern as a path of the app's folders without groups: `/rooms/[id]`. */
  id: string
  segments: Segment[]
  page?: Load
  /** `+server.ts` beside the page. */
  server?: Load
  /** Outer first. */
  layouts: Load[]
  middlewares: Load[]
  notFound?: Load
  error?: Load
  loading?: Load
  /** Ids of the symbols that this route's client modules reach, dynamic imports included. */
  symbols: string[]
  assets: Assets
}

export type Segment =
  | { type: 'static'; value: string }
  | { type: 'param'; name: string }
  | { type: 'optional'; name: string }
  | { type: 'rest'; name: string }

export interface SymbolEntry {
  kind: 'realtime' | 'action' | 'loader'
  /** Evaluating the module registers the symbol under its id. */
  module: Load
}

/** URLs with `base`. */
export interface Assets {
  /** Module scripts to run. */
  scripts: string[]
  /** Module scripts to preload. */
  preload: string[]
  styles: string[]
}

/** Written by Go for the browser (`eclipsa:client-manifest`); `resumeContainer` reads it. */
export interface ClientManifest {
  base: string
  /** By route id. Layouts outer first. */
  routes: Record<string, { layouts: Load[]; page: Load }>
}
