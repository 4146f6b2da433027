/** The other major that the plugin's peer range names: the suites of Vite against it. */
import { join } from 'node:path'
import { test } from 'node:test'
import { repository, run } from '../harness/servers.mjs'

const env = { ...process.env, ECLIPSA_VITE: 'vite7', ECLIPSA_SERVERS: 'vite,vite-built', NODE_TEST_CONTEXT: undefined }

for (const suite of ['pages', 'hot-updates-vite', 'vite-server', 'vite-preview', 'output-vite', 'react-packages']) {
  test(`Vite 7: ${suite}`, () => run(process.execPath, ['--test', join(repository, `tests/e2e/${suite}.test.mjs`)], { env }))
}
