import { startViteBuilt } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'
import { stoppingTest } from './stopping.mjs'

const start = (root) => startViteBuilt(root, { env: { NODE_OPTIONS: '--unhandled-rejections=strict' } })

sessionTests('vite build, node dist/server/node.mjs', start, { mode: 'production' })
stoppingTest('vite build, node dist/server/node.mjs', start)
