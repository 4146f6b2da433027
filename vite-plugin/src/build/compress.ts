/** Compressed copies beside the client's files, for the server to send as they are; the limits are `eclipsa build`'s. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const TEXT = /\.(?:js|mjs|css|html|json|svg|txt|xml|map|wasm|webmanifest|ico)$/
/** Smaller ones fit into one packet as they are. */
const MIN_SIZE = 1024

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)

/** @param how `compress` of the settings: "default", "max" or "none" */
export async function compressFolder(folder: string, how: string): Promise<void> {
  if (how === 'none') return
  const quality = how === 'max' ? constants.BROTLI_MAX_QUALITY : 9
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isFile() || !TEXT.test(entry.name)) return
      const file = join(entry.parentPath ?? entry.path, entry.name)
      const content = await readFile(file)
      if (content.length < MIN_SIZE) return
      const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
      const made: [ending: string, packed: Buffer][] = [['br', await brotli(content, { params })], ['gz', await zip(content, { level: 9 })]]
      for (const [ending, packed] of made) if (packed.length < content.length) await writeFile(`${file}.${ending}`, packed)
    }),
  )
}
