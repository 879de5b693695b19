// The recorded cases about log-in and the shape of REST.
import { expect } from 'vitest'
import { rest } from '../ddp.ts'
import { digestOf, IDS, passwordOf, tokenOf } from '../start.ts'
import { api, connected, general, loggedInOverRest, nobody, server, type Cases } from './tools.ts'

export const USERS: Cases = {
  'RC-051': async () => {
    const client = await connected()
    const result = await client.call('login', { user: { username: 'alice' }, password: digestOf('alice') })
    const tokenExpires = { $date: expect.any(Number) }
    expect(result).toEqual({ id: IDS.alice, token: expect.any(String), tokenExpires, type: 'password' })
    expect(client.frames.map(({ msg }) => msg)).toEqual(['connected', 'added', 'result', 'updated'])
    expect(result.tokenExpires.$date - Date.now()).toBeGreaterThan(89 * 24 * 3_600_000)
  },
  'RC-052': async () => {
    const user = { email: 'alice@example.org' }
    expect(await (await connected()).call('login', { user, password: digestOf('alice') })).toMatchObject({
      id: IDS.alice,
    })
  },
  'RC-054': async () => {
    const result = await (await connected()).call('login', { resume: tokenOf('alice') })
    expect(result).toMatchObject({ id: IDS.alice, token: tokenOf('alice'), type: 'resume' })
    expect(result.tokenExpires.$date).toBeGreaterThan(Date.now())
  },
  'RC-055': async () => {
    const { error } = await (await connected()).ask('login', { resume: 'zzz' })
    expect(error).toMatchObject({
      error: 403,
      reason: "You've been logged out by the server. Please log in again",
    })
  },
  'RC-057': loggedInOverRest({ user: 'alice', password: passwordOf('alice') }),
  'RC-058': loggedInOverRest({ username: 'alice', password: passwordOf('alice') }),
  'RC-059': loggedInOverRest({ user: 'alice@example.org', password: passwordOf('alice') }),
  'RC-060': loggedInOverRest({ user: { username: 'alice' }, password: passwordOf('alice') }),
  'RC-062': loggedInOverRest({ resume: tokenOf('alice') }),
  'RC-064': async () => {
    expect(await api(null, 'GET', 'me')).toMatchObject(nobody)
    const mixed = await rest(server.url, { id: IDS.bob, token: tokenOf('alice') }, 'GET', 'v1/me')
    expect(mixed).toMatchObject(nobody)
  },
  'RC-065': async () => {
    const { data } = (await api(null, 'POST', 'login', { user: 'alice', password: passwordOf('alice') })).body
    const who = { id: data.userId, token: data.authToken }
    const session = await connected()
    await session.call('login', { resume: data.authToken })
    const answer = await rest(server.url, who, 'POST', 'v1/logout', {})
    expect(answer.body).toEqual({ status: 'success', data: { message: "You've been logged out!" } })
    expect((await rest(server.url, who, 'GET', 'v1/me')).status).toBe(401)
    expect(await session.untilClosed()).toBe(4001)
  },
  'RC-067': async () => {
    const answer = await api('alice', 'GET', 'me')
    expect([answer.type, answer.body.success]).toEqual(['application/json', true])
    const info = await rest(server.url, null, 'GET', 'info')
    expect(info.body).toEqual({ version: '7.13.0', info: { version: '7.13.0' }, success: true })
  },
  'RC-068': async () => {
    const answer = await api('alice', 'POST', 'e2e.setRoomKeyID', { rid: 'nowhere', keyID: 'K' })
    const details = { method: 'e2e.setRoomKeyID' }
    const body = {
      success: false,
      error: 'Invalid room [error-invalid-room]',
      errorType: 'error-invalid-room',
      details,
    }
    expect(answer).toEqual({ status: 400, type: 'application/json', body })
  },
  'RC-069': async () => {
    const { status, body } = await api('alice', 'POST', 'e2e.setRoomKeyID', {})
    expect([status, body.success, body.errorType]).toEqual([400, false, 'invalid-params'])
    expect(body.error).toContain("must have required property 'rid'")
  },
  'RC-072': async () => {
    const message = JSON.stringify({ msg: 'method', id: '1', method: 'loadHistory', params: [general] })
    const { status, body } = await api('alice', 'POST', 'method.call/loadHistory', { message })
    expect([status, body.success]).toEqual([200, true])
    expect(JSON.parse(body.message)).toMatchObject({ msg: 'result', id: '1', result: { messages: expect.any(Array) } })
  },
  'RC-073': async () => {
    const message = JSON.stringify({ msg: 'method', id: '1', method: 'no.such', params: [] })
    const { status, body } = await api('alice', 'POST', 'method.call/x', { message })
    expect([status, body.success, JSON.parse(body.message).error.error]).toEqual([200, true, 404])
  },
  'RC-075': async () =>
    expect(await api(null, 'POST', 'method.call/getThreadMessages', { message: '{}' })).toMatchObject(nobody),
}
