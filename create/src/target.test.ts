import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nameOf, targetProblem } from './target.js'

const root = mkdtempSync(join(tmpdir(), 'eclipsa-target-'))
after(() => rmSync(root, { recursive: true }))

test('names that an app can have', () => {
  for (const name of ['my-app', 'a', '7', 'a.b_c', '-x', 'console-app', 'x'.repeat(214)]) assert.equal(targetProblem(join(root, name)), undefined, name)
  assert.equal(nameOf(join(root, 'apps', 'shop')), 'shop')
  assert.equal(nameOf(join(root, 'apps', 'shop', '..')), 'apps')
})

test('names that it can\'t have: one sentence each', () => {
  const rows: [string, RegExp][] = [
    ['', /^the name is empty/],
    ['  ', /^the name is empty/],
    ['/', /^the name is empty/],
    ['My-App', /^"My-App" can't be the name of an app: use lower-case letters/],
    ['my app', /use lower-case letters/],
    ['.hidden', /use lower-case letters/],
    ['_private', /use lower-case letters/],
    ['café', /use lower-case letters/],
    ['a:b', /use lower-case letters/],
    ['a\u0000', /use lower-case letters/],
    ['dot.', /use lower-case letters/],
    ['@me/app', /^"@me\/app" would be a folder in a folder: create "app"/],
    ['x'.repeat(215), /^a name of 215 characters/],
    ['node_modules', /something else to npm or to Windows/],
    ['con', /something else to npm or to Windows/],
    ['nul.js', /something else to npm or to Windows/],
    ['http', /Node has a module of that name/],
    ['eclipsa', /the app needs a package of that name/],
    ['vite', /the app needs a package of that name/],
  ]
  for (const [name, expected] of rows) {
    const problem = targetProblem(name)
    assert.match(problem ?? 'none', expected, name)
    assert.doesNotMatch(problem!, /\n/)
  }
})

test('a scope above the app\'s folder is a folder as any other', () => {
  assert.equal(targetProblem(join(root, '@me', 'app')), undefined)
})

test('folders', () => {
  mkdirSync(join(root, 'empty'))
  mkdirSync(join(root, 'full'))
  writeFileSync(join(root, 'full', 'notes.txt'), '')
  assert.equal(targetProblem(join(root, 'empty')), undefined)
  assert.equal(targetProblem(join(root, 'new', 'deep')), undefined)
  assert.match(targetProblem(join(root, 'full'))!, /is not empty \(it has notes\.txt\)/)
  assert.match(targetProblem(join(root, 'full', 'notes.txt'))!, /is a file/)
  assert.match(targetProblem(join(root, 'full', 'notes.txt', 'app'))!, /leads through a file/)
})
