/** Packages that are written for React, as ES modules and as CommonJS, in all four ways: they get Preact, also beside a React that npm installed. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { buildWithVite, copyApp, startBuilt, startDev, startVite, startViteBuilt } from '../harness/servers.mjs'

const texts = {
  'app/node_modules/react/package.json': '{ "name": "react", "version": "19.0.0", "main": "index.js" }',
  'app/node_modules/react/index.js': "throw new Error('this is React itself')\n",
  'app/node_modules/ui-esm/package.json': '{ "name": "ui-esm", "version": "1.0.0", "type": "module", "exports": "./index.js", "peerDependencies": { "react": "*" } }',
  'app/node_modules/ui-esm/index.js': `'use client'
import React, { useState } from 'react'
import { jsx } from 'react/jsx-runtime'
import { useTwice } from 'hooks-cjs'
export function Esm() {
  const [count, setCount] = useState(1)
  return jsx('button', { id: 'esm', onClick: () => setCount(count + 1), children: React.createElement('b', null, useTwice(count)) })
}
`,
  // What another package depends on, and nobody else.
  'app/node_modules/hooks-cjs/package.json': '{ "name": "hooks-cjs", "version": "1.0.0", "main": "index.js", "peerDependencies": { "react": "*" } }',
  'app/node_modules/hooks-cjs/index.js': "'use strict'\nconst React = require('react')\nexports.useTwice = (n) => React.useMemo(() => 2 * n, [n])\n",
  'app/node_modules/ui-cjs/package.json': '{ "name": "ui-cjs", "version": "1.0.0", "main": "index.js", "peerDependencies": { "react": "*" } }',
  'app/node_modules/ui-cjs/index.js': `'use client'
const React = require('react')
exports.Cjs = function Cjs() {
  const [count, setCount] = React.useState(10)
  return React.createElement('button', { id: 'cjs', onClick: () => setCount(count + 1) }, count)
}
`,
  'app/+page.tsx': `import { Esm } from 'ui-esm'
import { Cjs } from 'ui-cjs'
export default function Page() {
  return <main><Esm /><Cjs /></main>
}
`,
}

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

function appWithPackages() {
  const app = copyApp('examples/room')
  for (const [file, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(app.root, file)), { recursive: true })
    writeFileSync(join(app.root, file), text)
  }
  return app
}

for (const [way, start] of Object.entries({ 'eclipsa dev': startDev, vite: startVite, 'eclipsa build': startBuilt, 'vite build': startViteBuilt })) {
  test(way, async () => {
    const app = appWithPackages()
    let server
    try {
      server = await start(app.root)
      const html = await (await fetch(server.url)).text()
      assert.match(html, /<b>2<\/b>/)
      assert.match(html, /id="cjs"[^>]*>10</)
      const { page, problems, close } = await openPage(browser, server.url)
      let loads = 0
      page.on('load', () => loads++)
      await page.locator('body[data-e-resume="resumed"]').waitFor()
      await page.locator('#esm').click()
      await page.locator('#esm').getByText('4').waitFor()
      await page.locator('#cjs').click()
      await page.locator('#cjs').getByText('11').waitFor()
      assert.deepEqual(problems, [])
      assert.equal(loads, 0, 'nothing was found so late that the page had to be loaded again')
      await close()
    } finally {
      await server?.stop()
      app.remove()
    }
  })
}

test('vite build has nothing to say about their directives', async () => {
  const app = appWithPackages()
  try {
    assert.doesNotMatch(await buildWithVite(app.root), /use client|MODULE_LEVEL_DIRECTIVE/)
  } finally {
    app.remove()
  }
})
