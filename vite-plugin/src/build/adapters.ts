/** Adapter plugins write the files of their host, and only below `dist/server`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import type { Plugin, ResolvedConfig } from 'vite'
import type { AdapterContext, ServerAdapter } from '../options.js'

export async function writeAdapterFiles(config: ResolvedConfig, context: AdapterContext): Promise<void> {
  for (const plugin of config.plugins) {
    const adapter = (plugin as Plugin & { eclipsaServerAdapter?: ServerAdapter }).eclipsaServerAdapter
    for (const { path, contents } of (await adapter?.buildFiles(context)) ?? []) {
      const file = resolve(context.serverDir, path)
      if (isOutside(context.serverDir, file)) {
        throw new Error(`[eclipsa] the adapter ${adapter!.name} wants to write ${JSON.stringify(path)}, which is not below ${relative(context.root, context.serverDir)}: adapters write nowhere else.`)
      }
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, contents)
    }
  }
}

function isOutside(folder: string, file: string): boolean {
  const path = relative(folder, file)
  return path === '' || path.startsWith('..') || resolve(folder, path) !== file
}
