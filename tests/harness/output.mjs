/** What a build has written, as text. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
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
