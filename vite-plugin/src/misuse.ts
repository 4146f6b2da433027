/** Mistakes in vite.config: one sentence each, before anything else happens. */
import type { Plugin, ResolvedConfig, UserConfig } from 'vite'

export const PLUGIN_NAME = 'eclipsa'

/** The majors that the test suite runs against. */
const TESTED = [7, 8]

export function misuse(sentence: string): Error {
  const error = new Error(`[eclipsa] ${sentence}`)
  error.stack = error.message // the place is vite.config, which the sentence names
  return error
}

/** @param version `this.meta.viteVersion`, which exists since Vite 7 */
export function checkVersion(version: string | undefined): number {
  const major = Number(version?.split('.')[0])
  if (TESTED.includes(major)) return major
  const found = version === undefined ? 'an older one is installed' : `${version} is installed`
  throw misuse(`eclipsa/vite works with Vite ${TESTED.join(' and ')}, and ${found}: run \`npm install -D vite@${TESTED.at(-1)}\`.`)
}

export function checkUserConfig(config: UserConfig): void {
  if (config.appType === undefined || config.appType === 'custom') return
  throw misuse(`appType: '${config.appType}' makes Vite answer pages with index.html, and eclipsa renders them: set appType: 'custom' in vite.config, or leave it out.`)
}

export function checkPlugins(config: ResolvedConfig): void {
  const ours = config.plugins.filter((plugin: Plugin) => plugin.name === PLUGIN_NAME)
  if (ours.length > 1) throw misuse(`vite.config has eclipsa() ${ours.length} times in plugins: once is enough, remove the others.`)
}

/** The server's build is made of what the client's has found. */
export function checkWatch(config: ResolvedConfig): void {
  if (config.command === 'build' && config.build.watch) throw misuse('vite build --watch builds client and server apart from each other, and the server needs what the client became: use `vite`, which updates both.')
}
