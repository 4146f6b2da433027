import { node } from '@eclipsa/node'
import { eclipsa } from 'eclipsa/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  appType: 'custom',
  plugins: [eclipsa(), node()],
})
