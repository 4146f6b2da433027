import { startVite } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'

sessionTests('vite', (root) => startVite(root), { mode: 'development' })
