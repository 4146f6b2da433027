import { startVite } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'

sessionTests('vite', (root) => startVite(root), {
  mode: 'development',
  deviations: {
    'foreign upgrades': 'Vite answers none but its own, and they are not ours to answer (DESIGN.md D8a)',
    'a long URL': "Node's own limit of 16 KiB of header comes first: the server is Vite's (DESIGN.md section 7)",
  },
})
