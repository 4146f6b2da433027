/**
 * How the Vite plugin talks to the Go binary (`eclipsa service`). The other side of this file is
 * service/protocol.go; testdata/fixtures/protocol/ holds samples that the tests of both read.
 *
 * A frame is a length (4 bytes, little-endian) and that many bytes of JSON, 64 MiB at most. The plugin sends
 * {"id": number, "request": {"type": …, …}}; each gets {"id", "answer": {…}} or {"id", "error": {"text", "hint"?, "path"?}},
 * in any order: what needs the app is sent once "open" was answered. The first request is "hello"; a mismatch is answered
 * with the package to update, and ends the process. The process also ends with its stdin, whatever is under way; after
 * bytes that are no frame, or a message without an id, it says so on stderr and ends with 2.
 */
import type { DevError } from '../../../lib/dev/hot-messages.js'

/** Goes up with every change that the other side would misunderstand. */
export const PROTOCOL = 1

export interface Message {
  id: number
  request: Request
}

export type Reply = { id: number; answer: unknown } | { id: number; error: ErrorAnswer }

export interface ErrorAnswer {
  text: string
  hint?: string
  path?: string
}

export type Request =
  | { type: 'hello'; protocol: number; version: string }
  | ({ type: 'open'; root: string } & OpenRequest)
  | ({ type: 'manifest' } & ManifestRequest)
  | ({ type: 'transform' } & TransformRequest)
  | ({ type: 'external' } & ExternalRequest)
  | ({ type: 'format' } & FormatRequest)

export interface OpenRequest {
  mode: 'development' | 'production'
  /** Vite's. */
  base: string
}

/** What an app's folder holds. Paths of files are relative to `root`; '' where there is none. */
export interface AppDescription {
  root: string
  /** The folder with the workspace, or `root`. */
  project: string
  package: string
  base: string
  settings: {
    external: string[]
    allowedHosts: string[]
    allowedOrigins: string[]
    trustProxy: boolean
    buildHost: string
    sourcemap: boolean
    compress: string
  }
  serverEntry: string
  ssrRoot: string
  clientEntry: string
  clientDevEntry: string
  hooks: string
  serverHooks: string
  routes: RouteDescription[]
  linked: string[]
  /** Texts of the virtual modules that depend on nothing else. */
  modules: Record<string, string>
}

export interface RouteDescription {
  id: string
  page: string
  server: string
  layouts: string[]
  middlewares: string[]
  notFound: string
  error: string
  loading: string
  /** What the browser may run, outer first. */
  clientFiles: string[]
}

export interface ManifestRequest {
  data: ManifestData
}

export interface ManifestData {
  symbols: ManifestSymbol[]
  /** By id of the route. */
  routes: Record<string, { symbols: string[]; assets: Assets }>
  assets: Assets
  notFoundScripts: string[]
}

export interface ManifestSymbol {
  id: string
  kind: string
  specifier: string
}

/** URLs with the base. */
export interface Assets {
  scripts: string[]
  preload: string[]
  styles: string[]
}

export interface TransformRequest {
  /** Absolute. */
  file: string
  code: string
  sides: 'client' | 'server' | 'both'
  dev: boolean
  sourceMap: boolean
  /** Server modules in parts (DESIGN.md D7). */
  split: boolean
  /** Exports that only removed code imports. */
  removable: string[]
}

export interface TransformAnswer {
  /** The module's in ids and messages. */
  path: string
  serverOnly: boolean
  /** Absent where they were not asked for. */
  client?: TransformedModule
  server?: TransformedModule
  symbols: SymbolDescription[]
  diagnostics: Diagnostic[]
}

/** `transform.Module`. */
export interface TransformedModule {
  code: string
  /** A source map as JSON. */
  map?: string
  imports: ImportRecord[]
  removed: ImportRecord[]
  exports: string[]
  exportStars: string[]
  unchanged: boolean
  acceptsHot: boolean
  parts?: Part[]
  exportParts?: Record<string, string>
}

export interface ImportRecord {
  specifier: string
  kind: 'static' | 'dynamic' | 'require'
  names: string[]
  line: number
  column: number
}

export interface Part {
  name: string
  code: string
  map?: string
  deps: PartDep[]
  dynamic: ImportRecord[]
}

/** Another part of the file, or (with '' as `part`) an index into the module's imports. */
export interface PartDep {
  part: string
  import: number
  names: string[]
  weak: boolean
}

export interface SymbolDescription {
  id: string
  kind: 'realtime' | 'action' | 'loader'
  name: string
  line: number
  column: number
  hash: string
  reaches: PartDep[]
}

/** Whether server code can have a package in its bundle. */
export interface ExternalRequest {
  specifier: string
  /** Of the file that imports it, absolute. */
  folder: string
}

export interface ExternalAnswer {
  /** For whoever builds, where the package stays an import; else ''. */
  note: string
}

export type Diagnostic = DevError

export interface FormatRequest {
  diagnostics: Diagnostic[]
  color: boolean
}

/** The answer to a request of a type. */
export interface Answers {
  hello: { protocol: number; version: string }
  open: AppDescription
  manifest: { text: string }
  transform: TransformAnswer
  external: ExternalAnswer
  format: { text: string }
}
