/** What `eclipsa()` takes, and what adapter plugins beside it bring. */

export interface EclipsaOptions {
  /** Renders every page at build time and removes `dist/server`; a page that can't be is an error that names it. */
  ssg?: boolean
}

/** A file that an adapter writes; `path` is relative to `dist/server` and stays inside it. */
export interface AdapterFile {
  path: string
  contents: string | Uint8Array
}

export interface AdapterContext {
  /** The app's folder; all folders are absolute. */
  root: string
  clientDir: string
  serverDir: string
  /** Where the app is mounted: starts and ends with a slash. */
  base: string
}

/** What an adapter plugin (`node()` of `@eclipsa/node`) carries as `eclipsaServerAdapter`. */
export interface ServerAdapter {
  name: string
  buildFiles(context: AdapterContext): AdapterFile[] | Promise<AdapterFile[]>
}
