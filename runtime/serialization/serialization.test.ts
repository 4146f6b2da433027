import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { decode, revive } from './decode.js'
import { encode } from './encode.js'
import { MAX_BIGINT_DIGITS, MAX_DEPTH, MAX_NODES, SerializationError, typedArrays } from './tags.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Value, then its text. Each also comes back as what it was. */
const table: Record<string, [unknown, string]> = {
  null: [null, 'null'],
  true: [true, 'true'],
  'a number': [1.5, '1.5'],
  'the largest number': [Number.MAX_VALUE, '1.7976931348623157e+308'],
  'an empty string': ['', '""'],
  'a string with a lone surrogate': ['\ud800', '"\\ud800"'],
  'a string beyond the BMP': ['😀', '"😀"'],
  'an object': [{ a: 1, b: { c: [true, null] } }, '{"a":1,"b":{"c":[true,null]}}'],
  'an object with a key like an index': [{ 1: 'a', length: 2 }, '{"1":"a","length":2}'],
  'an empty array': [[], '[]'],
  undefined: [undefined, '{"$":["undefined"]}'],
  'undefined in an object': [{ a: undefined }, '{"a":{"$":["undefined"]}}'],
  NaN: [NaN, '{"$":["number","NaN"]}'],
  Infinity: [[Infinity, -Infinity], '[{"$":["number","Infinity"]},{"$":["number","-Infinity"]}]'],
  '-0': [-0, '{"$":["number","-0"]}'],
  bigint: [-12345678901234567890n, '{"$":["bigint","-12345678901234567890"]}'],
  Date: [new Date(1.7e12), '{"$":["Date",1700000000000]}'],
  URL: [new URL('https://a.example/b?c#d'), '{"$":["URL","https://a.example/b?c#d"]}'],
  Map: [new Map<unknown, unknown>([['a', 1], [{ k: 1 }, new Set([2n])]]), '{"$":["Map",[["a",1],[{"k":1},{"$":["Set",[{"$":["bigint","2"]}]]}]]]}'],
  Set: [new Set(['a', undefined]), '{"$":["Set",["a",{"$":["undefined"]}]]}'],
  ArrayBuffer: [bytes(1, 2, 255).buffer, '{"$":["ArrayBuffer","AQL/"]}'],
  'no bytes': [bytes(), '{"$":["Uint8Array",""]}'],
  Float64Array: [Float64Array.of(1), '{"$":["Float64Array","AAAAAAAA8D8="]}'],
  'data that looks like a tag': [{ $: ['Date', 1] }, '{"$":["$",["Date",1]]}'],
  'a tag inside a tag': [{ $: { $: 1n } }, '{"$":["$",{"$":["$",{"$":["bigint","1"]}]}]}'],
  '$ beside another key': [{ $: 1, a: 2 }, '{"$":1,"a":2}'],
}

for (const [name, [value, text]] of Object.entries(table)) {
  test(`${name} as text and back`, () => {
    assert.equal(encode(value), text)
    assert.deepEqual(decode(text), value)
  })
}

test('every typed array keeps its type, its bytes and its part of a buffer', () => {
  for (const type of typedArrays.values()) {
    const buffer = Uint8Array.from({ length: 32 }, (_, i) => i * 7).buffer
    const whole = new type(buffer)
    assert.deepEqual(decode(encode(whole)), whole)
  }
  const view = new Uint16Array(bytes(9, 9, 1, 0, 2, 0, 9, 9).buffer, 2, 2)
  assert.deepEqual(decode(encode(view)), Uint16Array.of(1, 2))
})

test('large bytes, past what fromCharCode takes at once', () => {
  const large = Uint8Array.from({ length: 100_001 }, (_, i) => i % 251)
  assert.deepEqual(decode(encode(large)), large)
})

test('an invalid Date stays one', () => {
  // Apart, since deepEqual of Node 20 says that two of them differ.
  assert.equal(encode(new Date(NaN)), '{"$":["Date",null]}')
  assert.ok(Number.isNaN((decode('{"$":["Date",null]}') as Date).getTime()))
})

test('what travels as something else', () => {
  assert.deepEqual(decode(encode(Buffer.from('ab'))), bytes(97, 98))
  assert.deepEqual(decode(encode([1, , 3])), [1, undefined, 3])
  assert.deepEqual(decode(encode(Object.assign(Object.create(null), { a: 1n }))), { a: 1n })
  assert.equal(encode({ [Symbol('s')]: 1, a: 1 }), '{"a":1}')
  const foreign: unknown = runInContext('({ a: [1, { b: 2 }] })', createContext({}))
  assert.equal(encode(foreign), '{"a":[1,{"b":2}]}')
})

test('the same object twice is no cycle', () => {
  const shared = { at: new Date(5) }
  assert.deepEqual(decode(encode([shared, shared])), [{ at: new Date(5) }, { at: new Date(5) }])
})

class Account {
  owner = 'a'
}
const cycle: Record<string, unknown> = {}
cycle['self'] = { back: cycle }

/** Value, path, and what the sentence says. */
const refused: Record<string, [unknown, string, RegExp]> = {
  'a function': [{ user: { save() {} } }, 'message.user.save', /function/],
  'a symbol': [[Symbol('s')], 'message[0]', /symbol/],
  'a class instance': [{ account: new Account() }, 'message.account', /Account/],
  'a RegExp': [/x/, 'message', /RegExp/],
  'an Error': [new Error('x'), 'message', /Error/],
  'a promise': [{ later: Promise.resolve(1) }, 'message.later', /Promise/],
  'a DataView': [new DataView(new ArrayBuffer(1)), 'message', /DataView/],
  'a key that needs quotes': [{ 'a b': () => 1 }, 'message["a b"]', /function/],
  'inside a Map': [new Map([['k', () => 1]]), 'message[0][1]', /function/],
  '__proto__': [JSON.parse('{"a":{"__proto__":1}}'), 'message.a.__proto__', /__proto__/],
  'a key named constructor': [{ constructor: 1 }, 'message.constructor', /constructor/],
  'a long bigint': [10n ** BigInt(MAX_BIGINT_DIGITS), 'message', /digits/],
  'too many values': [new Array(MAX_NODES + 1).fill(0), `message[${MAX_NODES - 1}]`, /values/],
}

for (const [name, [value, path, sentence]] of Object.entries(refused)) {
  test(`can't be sent: ${name}`, () => {
    assert.throws(() => encode(value, 'message'), (error) => {
      assert.ok(error instanceof SerializationError && error instanceof TypeError)
      assert.equal(error.path, path)
      assert.match(error.message, sentence)
      return true
    })
  })
}

test("can't be sent: a cycle", () => {
  assert.throws(() => encode(cycle, 'message'), /contains itself/)
})

test('a throwing getter throws its own error', () => {
  assert.throws(() => encode({ get a() { throw new RangeError('mine') } }), /mine/)
})

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test(`depth ${MAX_DEPTH} travels, and one more does not, both ways`, () => {
  const deepest: unknown = JSON.parse(nested(MAX_DEPTH))
  assert.equal(encode(deepest), nested(MAX_DEPTH))
  assert.deepEqual(decode(nested(MAX_DEPTH)), deepest)
  assert.throws(() => encode([deepest]), /deeper/)
  assert.throws(() => decode(nested(MAX_DEPTH + 1)), /deeper/)
})

const hostile: Record<string, string> = {
  'no JSON': '{',
  'no text': '',
  '__proto__': '{"__proto__":{"polluted":true}}',
  'escaped __proto__': '{"\\u005f_proto__":1}',
  'constructor, deep': '[{"a":{"constructor":{"prototype":1}}}]',
  'prototype in a tag': '{"$":["$",{"prototype":1}]}',
  'an unknown tag': '{"$":["Function","alert(1)"]}',
  'a tag named like an inherited property': '{"$":["toString",""]}',
  'a tag named __proto__': '{"$":["__proto__",""]}',
  'a tag without name': '{"$":[]}',
  'a tag that is no array': '{"$":"undefined"}',
  'a tag whose name is no string': '{"$":[["Date"],1]}',
  'a tag with too much': '{"$":["Date",1,2]}',
  'undefined with data': '{"$":["undefined",1]}',
  'a number that JSON has': '{"$":["number","1"]}',
  'a number that is no string': '{"$":["number",{}]}',
  'a bigint with letters': '{"$":["bigint","0x10"]}',
  'an empty bigint': '{"$":["bigint",""]}',
  'a bigint that is a number': '{"$":["bigint",1]}',
  'a long bigint': `{"$":["bigint","${'9'.repeat(MAX_BIGINT_DIGITS + 2)}"]}`,
  'a Date that is text': '{"$":["Date","2020-01-01"]}',
  'a Date out of range': '{"$":["Date",8640000000000001]}',
  'a Date between milliseconds': '{"$":["Date",1.5]}',
  'a URL that is none': '{"$":["URL","/relative"]}',
  'a Map of no pairs': '{"$":["Map",[["a"]]]}',
  'a Map that is an object': '{"$":["Map",{"length":1}]}',
  'a Set with a length': '{"$":["Set",{"length":1000000000}]}',
  'bytes with spaces': '{"$":["Uint8Array","AQ = "]}',
  'bytes of a wrong length': '{"$":["Uint8Array","AQI"]}',
  'bytes that do not fill an element': '{"$":["Uint16Array","AQ=="]}',
  'bytes that are numbers': '{"$":["ArrayBuffer",1000000000]}',
  'ten thousand levels': nested(10_000),
  'too many values': `[${'0,'.repeat(MAX_NODES)}0]`,
  'too many values in small parts': `[${`[${'0,'.repeat(999)}0],`.repeat(300)}0]`,
}

for (const [name, text] of Object.entries(hostile)) {
  test(`can't be read: ${name}`, () => {
    assert.throws(() => decode(text), SerializationError)
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  })
}

test('what is read has built-in prototypes only, and thenables stay data', () => {
  const value = decode('{"then":{"$":["$",1]},"toString":1,"hasOwnProperty":null}') as object
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.deepEqual(Object.keys(value), ['then', 'toString', 'hasOwnProperty'])
  assert.deepEqual((value as { then: unknown }).then, { $: 1 })
})

test('scalars need no walk', () => {
  assert.equal(revive('a'), 'a')
  assert.equal(revive(undefined), undefined)
})

/** Small, seeded, good enough: a failure names its seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0
    return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32
  }
}

function arbitrary(next: () => number, depth: number): unknown {
  const pick = <T>(...items: T[]): T => items[Math.floor(next() * items.length)] as T
  const some = <T>(make: () => T): T[] => Array.from({ length: Math.floor(next() * 4) }, make)
  const inner = (): unknown => arbitrary(next, depth - 1)
  const key = (): string => pick('$', 'a', 'toString', 'length', '', '0', 'ü', '__proto', 'then')
  const scalars = [
    () => pick<unknown>(null, undefined, true, false, '', 'text', '\u0000', '😀', '\ud83d', '"</script>'),
    () => pick(0, -0, NaN, Infinity, -Infinity, next() * 1e21, Math.floor(next() * 100), Number.MIN_VALUE),
    () => BigInt(Math.floor(next() * 2 ** 50)) ** 3n * pick(1n, -1n),
    () => new Date(pick(0, -1, Math.floor(next() * 2e12))),
    () => new URL(`https://a.example/${Math.floor(next() * 100)}?q=%20#ü`),
    () => Uint8Array.from(some(() => next() * 256)),
  ]
  if (depth === 0) return pick(...scalars)()
  return pick(
    ...scalars,
    () => some(inner),
    () => Object.fromEntries(some(() => [key(), inner()])),
    () => new Map(some(() => [inner(), inner()])),
    () => new Set(some(inner)),
    () => ({ $: inner() }),
  )()
}

test('2,000 random values come back as they were', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const value = arbitrary(random(seed), 5)
    assert.deepEqual(decode(encode(value)), value, `seed ${seed}`)
  }
})

test('2,000 damaged texts are data or a SerializationError', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const next = random(seed)
    const text = encode(arbitrary(next, 4))
    const at = Math.floor(next() * text.length)
    const damaged = text.slice(0, at) + ['"', '$', '[', '}', '0', ''][Math.floor(next() * 6)] + text.slice(at + 1)
    try {
      decode(damaged)
    } catch (error) {
      assert.ok(error instanceof SerializationError, `seed ${seed}: ${String(error)}`)
    }
  }
})
