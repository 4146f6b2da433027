import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeFrame, FrameReader, MAX_FRAME } from './frames.js'
import type { Message, TransformRequest } from './protocol.js'
import { ServiceError, startService } from './service.js'

/** From lib-test-vite/vite/service/. */
const repository = fileURLToPath(new URL('../../../', import.meta.url))
const samples = join(repository, 'testdata/fixtures/protocol')
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }

const folder = mkdtempSync(join(tmpdir(), 'eclipsa-service-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('frames come whole, however they are cut: every sample', () => {
  const messages: Message[] = readdirSync(samples).map((name, id) => ({ id, request: JSON.parse(readFileSync(join(samples, name), 'utf8')).request }))
  assert.ok(messages.length > 5)
  const bytes = Buffer.concat(messages.map(encodeFrame))
  for (const size of [1, 3, 1000, bytes.length]) {
    const reader = new FrameReader()
    const got: unknown[] = []
    for (let at = 0; at < bytes.length; at += size) got.push(...reader.push(bytes.subarray(at, at + size)))
    assert.deepEqual(got, messages)
  }
})

test('what is no frame is an error', () => {
  assert.throws(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1\r\n')), /longer than/)
  const head = Buffer.alloc(4)
  head.writeUInt32LE(MAX_FRAME + 1)
  assert.throws(() => new FrameReader().push(head), /longer than/)
  assert.throws(() => new FrameReader().push(Buffer.from([3, 0, 0, 0, 97, 98, 99])), SyntaxError)
})

test('the real program answers every sample as it is written down', async () => {
  const service = await startService({ root: join(repository, 'examples/room'), version })
  try {
    const app = await service.open({ mode: 'production', base: '/' })
    assert.ok(app.routes.some(({ id, clientFiles }) => id === '/' && clientFiles.includes('app/+page.tsx')))
    for (const name of readdirSync(samples).filter((name) => name.startsWith('transform'))) {
      const { request, answer } = JSON.parse(readFileSync(join(samples, name), 'utf8').replaceAll('$ROOT', app.root))
      assert.deepEqual(await service.transform(request), answer, name)
    }
  } finally {
    await service.close()
  }
})

test('another version is refused with the package to update', async () => {
  await assert.rejects(startService({ root: folder, version: '0.0.1' }), (error: Error) => error instanceof ServiceError && /npm install/.test(error.message))
})

test('a program that is not there, and one that is none of ours', async () => {
  await assert.rejects(startService({ root: folder, version, binary: join(folder, 'nothing') }), /could not be started/)
  await assert.rejects(startService({ root: folder, version, binary: program('other', "process.stdout.write('Usage: other [options]\\n')") }), /does not speak/)
})

/** A program that answers hello and open, and dies when it is asked to transform a file of that name. */
function mortal(name: string): string {
  return program(
    name,
    `
    const log = ${JSON.stringify(join(folder, `${name}.log`))}
    let pending = Buffer.alloc(0)
    const answer = (id, answer) => { const text = Buffer.from(JSON.stringify({ id, answer })); const head = Buffer.alloc(4); head.writeUInt32LE(text.length); process.stdout.write(Buffer.concat([head, text])) }
    process.stdin.on('end', () => process.exit(0))
    process.stdin.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE()) {
        const length = pending.readUInt32LE()
        const { id, request } = JSON.parse(pending.subarray(4, 4 + length))
        pending = pending.subarray(4 + length)
        fs.appendFileSync(log, request.type + ' ' + (request.file ?? '') + '\\n')
        if (request.file === 'always.tsx') process.exit(3)
        if (request.file === 'once.tsx' && fs.readFileSync(log, 'utf8').split('once.tsx').length === 2) process.exit(3)
        answer(id, { did: request.type })
      }
    })`,
  )
}

function program(name: string, text: string): string {
  const file = join(folder, `${name}.cjs`)
  writeFileSync(file, `#!${process.execPath}\nconst fs = require('node:fs')\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

const transform = (file: string): TransformRequest => ({ file, code: '', sides: 'both', dev: false, sourceMap: false, split: false, removable: [] })

test('after a crash the program is started again, knows its app, and answers what was asked', async () => {
  const said: string[] = []
  const service = await startService({ root: folder, version, binary: mortal('once'), onCrash: (message) => said.push(message) })
  await service.open({ mode: 'development', base: '/' })
  assert.deepEqual(await service.transform(transform('once.tsx')), { did: 'transform' })
  assert.equal(said.length, 1)
  assert.match(said[0]!, /while it transformed once\.tsx: it is started again/)
  assert.match(readFileSync(join(folder, 'once.log'), 'utf8'), /^hello \nopen \ntransform once\.tsx\nhello \nopen \ntransform once\.tsx\n$/)
  await service.close()
})

test('the second crash is the answer, and names the file', async () => {
  const said: string[] = []
  const service = await startService({ root: folder, version, binary: mortal('always'), onCrash: (message) => said.push(message) })
  await assert.rejects(service.transform(transform('always.tsx')), /always\.tsx/)
  await assert.rejects(service.transform(transform('fine.tsx')), /always\.tsx/)
  assert.equal(said.length, 1)
  await service.close()
})

test('the program ends when the service is closed, and when its parent dies', { skip: !existsSync('/proc/self') && 'looks processes up in /proc' }, async () => {
  const childOf = (pid: number): number | undefined => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? undefined : Number(children.split(' ')[0])
  }
  const script = join(folder, 'parent.mjs')
  const module = new URL('./service.js', import.meta.url).href
  writeFileSync(script, `import { startService } from ${JSON.stringify(module)}\nawait startService({ root: '.', version: ${JSON.stringify(version)} })\nconsole.log('ready')\nsetInterval(() => {}, 1000)\n`)
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(parent.stdout, 'data')
  const program = childOf(parent.pid!)
  assert.ok(program)
  parent.kill('SIGKILL')
  await once(parent, 'close')
  for (let tries = 0; tries < 500 && existsSync(`/proc/${program}`); tries++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(existsSync(`/proc/${program}`), false)
})
