/** What middlewares leave to the handler and its callbacks: HOSTS.md G53 and G54. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

/** @param {import('./client.mjs').App} app */
export function contextTests(app) {
  const seen = (where, param, user) => ({ where, param, page: `/rooms/${param}`, variable: user, store: user })

  test('G53: variables, params, page and async context reach the handler and every callback', async () => {
    const room = await app.open('useRoom', { headers: { 'x-user': 'ada' } })
    assert.deepEqual(await room.message(), seen('handler', 'general', 'ada'))
    room.send('throw')
    assert.deepEqual(await room.message(), seen('message throw', 'general', 'ada'))
    await app.openGate(room.session)
    assert.deepEqual(await room.message(), seen('after await throw', 'general', 'ada'))
    assert.equal((await room.frame()).type, 'error')
    await room.end()
    await app.closing(room.session)
    const { entries } = await app.log(room.session)
    assert.deepEqual(
      entries.filter(({ where }) => where).map(({ where, param, page, variable, store }) => ({ where, param, page, variable, store })),
      [seen('error', 'general', 'ada'), seen('close', 'general', 'ada')],
    )
  })

  test('G53: the async context is there when the connection was lost', async () => {
    const room = await app.open('useRoom', { headers: { 'x-user': 'ada' } })
    await room.message()
    room.socket.terminate()
    assert.equal((await app.logged(room.session, 'close')).store, 'ada')
  })

  test('G54: sessions at the same time see their own', async () => {
    const users = ['ada', 'bob', 'cy', 'dee']
    const rooms = await Promise.all(
      users.map((user) => app.open('useRoom', { page: `/rooms/of-${user}?x=1`, headers: { 'x-user': user } })),
    )
    for (const round of [1, 2]) for (const room of rooms) room.send(String(round))
    await Promise.all(rooms.map((room) => app.openGate(room.session)))
    for (const [i, user] of users.entries()) {
      for (const { param, variable, store } of await rooms[i].messages(5)) {
        assert.deepEqual({ param, variable, store }, { param: `of-${user}`, variable: user, store: user })
      }
      await rooms[i].end()
    }
  })

  test('params are decoded as on the page', async () => {
    const room = await app.open('useRoom', { page: '/rooms/%C3%A4%20b' })
    assert.equal((await room.message()).param, 'ä b')
    await room.end()
  })
}
