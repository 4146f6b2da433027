import { startBuilt } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'
import { stoppingTest } from './stopping.mjs'

const start = (root) => startBuilt(root, { env: { NODE_OPTIONS: '--unhandled-rejections=strict' } })

sessionTests('node dist/server/node.mjs', start, { mode: 'production' })
stoppingTest('node dist/server/node.mjs', start)
