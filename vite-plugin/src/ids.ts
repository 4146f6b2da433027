/** Names of modules: the virtual ones, the source files, and the parts of server files. */
import { posix } from 'node:path'

const VIRTUAL = /^eclipsa:(client|client-manifest|server|server-manifest)$/

/** As Vite's convention has it, so that no other plugin looks for a file. */
export const CLIENT = '\0eclipsa:client'
export const SERVER = '\0eclipsa:server'
export const SERVER_MANIFEST = '\0eclipsa:server-manifest'
export const CLIENT_MANIFEST = '\0eclipsa:client-manifest'

export const isVirtual = (id: string): boolean => VIRTUAL.test(id)

/** `app/+page.tsx?eclipsa-part=view`: see `Split` in transform/transform.go. */
const PART = /\?eclipsa-part=(imports|body|symbols|view)$/

export const partOf = (id: string): string | undefined => PART.exec(id)?.[1]
export const partId = (file: string, part: string): string => (part === '' ? file : `${file}?eclipsa-part=${part}`)

const SOURCE = /\.[cm]?[jt]sx?$/
/** Vite's own marks, which leave the module what it is. */
const MARKS = /[?&](?:v|t|import)(?:=[^&]*)?(?=&|$)/g

/** The file of a source module; undefined for what is none, and for modules with queries of other plugins. */
export function sourceFile(id: string): string | undefined {
  if (id.startsWith('\0')) return undefined
  const file = id.includes('?') ? id.replace(MARKS, '') : id
  return SOURCE.test(file) ? file : undefined
}

export const cleanId = (id: string): string => id.replace(/[?#].*$/, '')

export const isStylesheet = (id: string): boolean => /\.(?:css|less|sass|scss|styl|stylus|pcss|postcss|sss)(?:$|\?)/.test(id) && !/[?&](?:raw|url|inline)\b/.test(id)

/** A path relative to the root as the manifest imports it: `./app/+page.tsx`; others stay absolute. */
export function specifierOf(root: string, file: string): string {
  const path = posix.relative(root, file)
  return path.startsWith('../') || posix.isAbsolute(path) ? file : `./${path}`
}

/** Whether a relative specifier means a file: with its extension, without it, or as a folder. */
export function leadsTo(importer: string, specifier: string, file: string): boolean {
  const path = posix.join(posix.dirname(importer), specifier)
  const bare = file.replace(/\.[cm]?[jt]sx?$/, '')
  return path === file || path === bare || path === bare.replace(/\/index$/, '') || path.replace(/\.[cm]?js$/, '') === bare
}

/** Vite names files with slashes, on Windows too. */
export const slashed = (path: string): string => path.replaceAll('\\', '/')
