import { startBuilt } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'

sessionTests('node dist/server/node.mjs', (root) => startBuilt(root, { env: { NODE_OPTIONS: '--unhandled-rejections=strict' } }), {
  mode: 'production',
})
