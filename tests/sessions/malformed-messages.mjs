/** Text frames that are no messages of ours: SECURITY.md S24 and S28. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSession } from './client.mjs'
import { frame, opcodes } from './raw.mjs'

const message = (value) => `{"type":"message","value":${value}}`
const nested = (depth, open, close, inner = '1') => open.repeat(depth) + inner + close.repeat(depth)

const refused = {
  'an empty frame': '',
  'no JSON': 'hello',
  'half a message': '{"type":"message","value":',
  'a number': '5',
  'a string': '"message"',
  true: 'true',
  null: 'null',
  'an array': '[{"type":"message","value":1}]',
  'no type': '{"value":1}',
  'a number as type': '{"type":5}',
  'an object as type': '{"type":{"toString":"message"}}',
  'an array as type': '{"type":["message"],"value":1}',
  'an unknown type': '{"type":"subscribe"}',
  'the type "__proto__"': '{"type":"__proto__"}',
  'the type "constructor"': '{"type":"constructor"}',
  "the server's error": '{"type":"error","error":{"name":"HandlerError","message":"mine"}}',
  "the server's pong": '{"type":"pong"}',
  'arrays 65 deep': message(nested(65, '[', ']')),
  'arrays 10,000 deep': message(nested(10_000, '[', ']')),
  'objects 10,000 deep': message(nested(10_000, '{"a":', '}')),
  'Maps 10,000 deep': message(nested(10_000, '{"$":["Map",[[1,', ']]]}')),
  'arrays 500,000 deep': nested(500_000, '[', ']'),
  'a key __proto__': message('{"__proto__":{"polluted":1}}'),
  'a key __proto__ further down': message('[{"a":{"__proto__":1}}]'),
  'a key constructor': message('{"constructor":{"prototype":{"polluted":1}}}'),
  'a key prototype': message('{"prototype":1}'),
  'an escaped key __proto__': message('{"\\u005f_proto__":1}'),
  'an unknown tag': message('{"$":["Function","return process"]}'),
  'a tag by the name of a global': message('{"$":["RegExp","(a+)+$"]}'),
  'a tag by the name of a property': message('{"$":["constructor",1]}'),
  'a tag that is no list': message('{"$":"Map"}'),
  'a tag without data': message('{"$":["Date"]}'),
  'a tag with more data': message('{"$":["Date",1,2]}'),
  'a Map that is none': message('{"$":["Map",[[1]]]}'),
  'a Map of the wrong kind': message('{"$":["Map",{"length":1e9}]}'),
  'a Set that is none': message('{"$":["Set",{"length":4294967295}]}'),
  'bytes that are not base64': message('{"$":["Uint8Array","!"]}'),
  'bytes that do not fit': message('{"$":["Float64Array","AAAA"]}'),
  'a length instead of bytes': message('{"$":["Uint8Array",4294967295]}'),
  'a bigint of 100,000 digits': message(`{"$":["bigint","${'9'.repeat(100_000)}"]}`),
  'a bigint that is none': message('{"$":["bigint","0x1f"]}'),
  'a Date out of range': message('{"$":["Date",1e300]}'),
  'a URL that is none': message('{"$":["URL","//"]}'),
  'more values than a message may hold': message(`[${'0,'.repeat(400_000)}0]`),
}

const taken = {
  'duplicate keys': [message('1,"value":2'), 2],
  'duplicate types': ['{"type":"subscribe","type":"message","value":3}', 3],
  'a lone surrogate': [message('"\\ud800"'), '\ud800'],
  'keys beside ours': ['{"type":"message","value":4,"error":1,"then":{}}', 4],
  'a thenable': [message('{"then":"call me","catch":1}'), { then: 'call me', catch: 1 }],
  'names of inherited properties': [message('{"toString":1,"valueOf":2,"hasOwnProperty":3}'), { toString: 1, valueOf: 2, hasOwnProperty: 3 }],
  'arrays 64 deep': [message(nested(64, '[', ']')), JSON.parse(nested(64, '[', ']'))],
  'white space around it': [' \n{ "type" : "message" , "value" : 5 }\t', 5],
}

/** @param {import('./client.mjs').App} app */
export function malformedMessageTests(app) {
  for (const [name, text] of Object.entries(refused)) {
    test(`S24: ${name} is answered with an error frame`, async () => {
      const echo = await app.open('useEcho')
      echo.write(text)
      const { type, error } = await echo.frame()
      assert.equal(type, 'error')
      assert.equal(error.name, 'FrameError')
      assert.equal(typeof error.message, 'string')
      assert.ok(error.message.length < 1_000)
      assert.doesNotMatch(error.message, /\.(tsx?|m?js)\b|at .*:\d+/, 'no stack')
      echo.send('still here')
      assert.equal(await echo.message(), 'still here')
      await echo.end()
      assert.equal((await app.closing(echo.session)).code, 1000)
      await app.isAlive()
    })
  }

  for (const [name, [text, value]] of Object.entries(taken)) {
    test(`S24: ${name} is data`, async () => {
      const echo = await app.open('useEcho')
      echo.write(text)
      assert.deepEqual(await echo.message(), value)
      await echo.end()
      await app.isAlive()
    })
  }

  test('S24: a key of 1 MB', async () => {
    const echo = await app.open('useEcho')
    const key = 'k'.repeat(1_000_000)
    echo.send({ [key]: 1 })
    assert.deepEqual(Object.keys(await echo.message()), [key])
    await echo.end()
  })

  test('S24: __proto__ beside type', async () => {
    const echo = await app.open('useEcho')
    echo.write('{"__proto__":{"type":"message"},"value":1}')
    assert.equal((await echo.frame()).error.name, 'FrameError')
    await echo.end()
    await app.isAlive()
  })

  test('S24: the tenth malformed frame closes with 1008', async () => {
    const echo = await app.open('useEcho')
    for (let n = 1; n <= 9; n++) {
      echo.write(`malformed ${n}`)
      assert.equal((await echo.frame()).type, 'error')
      echo.send(n) // good ones in between don't make up for it
      assert.equal(await echo.message(), n)
    }
    echo.write('malformed 10')
    assert.equal((await echo.over()).code, 1008)
    assert.equal((await app.closing(echo.session)).code, 1008)
    await app.isAlive()
  })

  for (const bytes of [0, 3, 70_000]) {
    test(`a binary frame of ${bytes} bytes closes with 1003`, async () => {
      const echo = await app.open('useEcho')
      echo.socket.send(Buffer.alloc(bytes))
      assert.equal((await echo.over()).code, 1003)
      assert.equal((await app.closing(echo.session)).code, 1003)
    })
  }

  test('malformed frames before the hello', async () => {
    const session = newSession()
    const { raw } = await app.openRaw('useEcho', { session })
    raw.write(frame('[]'))
    assert.equal((await raw.json()).type, 'error')
    raw.write(frame(new Uint8Array(2), { opcode: opcodes.binary }))
    assert.equal(await raw.closeCode(), 1003)
    raw.destroy()
  })
}
