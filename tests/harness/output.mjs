/** What a build has written, as text. */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

/** Every file below a folder. */
export const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))

/** A file's text, compressed copies unpacked. */
export function readable(file) {
  const bytes = readFileSync(file)
  if (file.endsWith('.gz')) return gunzipSync(bytes).toString()
  if (file.endsWith('.br')) return brotliDecompressSync(bytes).toString()
  return bytes.toString()
}

/** The files that the source maps below a folder name, as whoever reads the maps finds them: they are URLs. Virtual modules have none. */
export const mappedFiles = (folder) =>
  files(folder)
    .filter((file) => file.endsWith('.map'))
    .flatMap((file) => JSON.parse(readable(file)).sources.filter((source) => /^[^:]+\.\w+$/.test(source)).map((source) => resolve(dirname(file), decodeURIComponent(source))))
