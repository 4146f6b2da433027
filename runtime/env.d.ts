/**
 * What an app may import besides code, and `import.meta.env`. `import … from 'eclipsa'` brings these types along;
 * a file that uses them without it says `/// <reference types="eclipsa/env" />`.
 */

// Of patterns that match alike, TypeScript takes the first.
declare module '*.module.css' {
  /** Class names as the page has them, by the names in the file. */
  const names: Readonly<Record<string, string>>
  export default names
}

declare module '*.css' {}

declare module '*?raw' {
  const text: string
  export default text
}

declare module '*?url' {
  const url: string
  export default url
}

declare module '*.svg' {
  const url: string
  export default url
}
declare module '*.png' {
  const url: string
  export default url
}
declare module '*.jpg' {
  const url: string
  export default url
}
declare module '*.jpeg' {
  const url: string
  export default url
}
declare module '*.gif' {
  const url: string
  export default url
}
declare module '*.webp' {
  const url: string
  export default url
}
declare module '*.avif' {
  const url: string
  export default url
}
declare module '*.ico' {
  const url: string
  export default url
}
declare module '*.woff2' {
  const url: string
  export default url
}
declare module '*.woff' {
  const url: string
  export default url
}
declare module '*.mp3' {
  const url: string
  export default url
}
declare module '*.mp4' {
  const url: string
  export default url
}
declare module '*.webm' {
  const url: string
  export default url
}

/** Apps add their `VITE_` variables by declaration merging. */
interface ImportMetaEnv {
  readonly MODE: string
  readonly DEV: boolean
  readonly PROD: boolean
  readonly SSR: boolean
  /** `base` of the settings. */
  readonly BASE_URL: string
}

/**
 * Hot updates of one module, with the meaning that Vite documents for the same names. Only there in development:
 * `if (import.meta.hot) { … }`.
 */
interface ImportMetaHot {
  /** Outlives the module: what one instance leaves, the next finds. */
  readonly data: Record<string, any>
  /** The module takes its own updates: nothing that imports it is evaluated again. */
  accept(): void
  accept(callback: (module: Record<string, any> | undefined) => void): void
  /** Takes the updates of an import, named as in its import statement. */
  accept(dependency: string, callback?: (module: Record<string, any> | undefined) => void): void
  accept(dependencies: readonly string[], callback?: (modules: (Record<string, any> | undefined)[]) => void): void
  /** As `accept`, as long as nothing else that the module exports is in use. */
  acceptExports(names: string | readonly string[], callback?: (module: Record<string, any> | undefined) => void): void
  /** Before the next instance: the place to stop timers and to close what is open. */
  dispose(callback: (data: Record<string, any>) => void): void
  /** When no module imports this one any more. */
  prune(callback: (data: Record<string, any>) => void): void
  /** Does nothing, as in Vite. */
  decline(): void
  /** This instance can't take over: what imports it is evaluated again, or the page loads again. */
  invalidate(message?: string): void
  /** `vite:beforeUpdate`, `vite:afterUpdate`, `vite:beforeFullReload`, `vite:beforePrune`, `vite:invalidate`, `vite:error`, `vite:ws:connect`, `vite:ws:disconnect`. */
  on(event: string, callback: (payload: any) => void): void
  off(event: string, callback: (payload: any) => void): void
  /** Does nothing in `eclipsa dev`: its server listens to nothing that a page says. */
  send(event: string, payload?: any): void
}

interface ImportMeta {
  readonly env: ImportMetaEnv
  readonly hot?: ImportMetaHot
}
