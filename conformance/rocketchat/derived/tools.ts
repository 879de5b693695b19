// Short words for the derived cases.
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { api, as, connected, headers, server } from '../cases/tools.ts'
import type { Ddp, Frame } from '../ddp.ts'
import { IDS, type Name, start } from '../start.ts'

/** The reference's section, what it says, and the proof. */
export type Derived = readonly [section: string, says: string, run: () => unknown]

let made = 0
export const fresh = (word = 'thing') => `${word}-${process.pid}-${made++}`
export const sha = (text: string) => createHash('sha256').update(text).digest('hex')
export const is = expect

export async function get(name: Name | null, path: string, wanted: object): Promise<Frame> {
  const got = await api(name, 'GET', path)
  expect(got).toMatchObject(wanted)
  return got.body
}
export async function post(name: Name | null, path: string, body: unknown, wanted: object): Promise<Frame> {
  const got = await api(name, 'POST', path, body)
  expect(got).toMatchObject(wanted)
  return got.body
}
export const OK = { status: 200, type: 'application/json', body: { success: true } }
export const ok = (body: object) => ({ status: 200, body: { success: true, ...body } })
export const bad = (errorType: string, body: object = {}) => ({
  status: 400,
  body: { success: false, errorType, ...body },
})
export const INVALID = {
  status: 400,
  body: { success: false, errorType: 'invalid-params', error: expect.stringMatching(/ \[invalid-params\]$/) },
}
export const NOBODY = { status: 401, body: { status: 'error', message: 'You must be logged in to do this.' } }
export const FORBIDDEN = { status: 403, body: { success: false } }
export const error = (code: string | number, more: object = {}) => ({
  error: { isClientSafe: true, error: code, errorType: 'Meteor.Error', message: expect.any(String), ...more },
})

/** The result frame of a method, without its envelope. */
export async function ask(who: Name | Ddp | null, method: string, ...params: unknown[]): Promise<Frame> {
  const client = who === null ? await connected() : typeof who === 'string' ? await as(who) : who
  const { msg: _msg, id: _id, ...rest } = await client.ask(method, ...params)
  return rest
}
export async function says(
  wanted: object,
  who: Name | Ddp | null,
  method: string,
  ...params: unknown[]
): Promise<Frame> {
  const got = await ask(who, method, ...params)
  expect(got).toMatchObject(wanted)
  return got.result
}
/** No result, no error. */
export async function isVoid(who: Name | Ddp | null, method: string, ...params: unknown[]): Promise<void> {
  expect(await ask(who, method, ...params)).toEqual({})
}

export const content = (kid = 'K') => ({
  algorithm: 'rc.v2.aes-sha2',
  kid,
  iv: 'A'.repeat(16),
  ciphertext: 'A'.repeat(24),
})
export const secretMessage = (rid: string, more: object = {}) => ({
  _id: fresh('m'),
  rid,
  msg: '',
  t: 'e2e',
  e2e: 'pending',
  content: content(),
  ...more,
})

export async function group(owner: Name, members: Name[] = [], extraData: object = {}): Promise<string> {
  return (await post(owner, 'groups.create', { name: fresh('group'), members, extraData }, OK)).group._id
}
export async function channel(owner: Name, members: Name[] = []): Promise<string> {
  return (await post(owner, 'channels.create', { name: fresh('channel'), members }, OK)).channel._id
}
export async function direct(who: Name, username: Name): Promise<string> {
  return (await post(who, 'im.create', { username }, OK)).room._id
}
export async function send(who: Name, rid: string, msg = 'hello', more: object = {}): Promise<Frame> {
  return (await post(who, 'chat.sendMessage', { message: { rid, msg, ...more } }, OK)).message
}
export async function pair(...names: Name[]): Promise<void> {
  for (const name of names)
    await post(
      name,
      'e2e.setUserPublicAndPrivateKeys',
      { public_key: `public of ${name}`, private_key: `private of ${name}`, force: true },
      OK,
    )
}
export const KEY = (letter: string) => `${'k'.repeat(12)}${letter.repeat(344)}`
/** An encrypted room with a key that its owner alone has. */
export async function keyed(owner: Name, ...members: Name[]): Promise<string> {
  await pair(owner)
  const rid = await group(owner, members, { encrypted: true })
  await post(owner, 'e2e.setRoomKeyID', { rid, keyID: 'K' }, OK)
  await post(owner, 'e2e.updateGroupKey', { rid, uid: IDS[owner], key: KEY('A') }, OK)
  return rid
}
export async function subOf(who: Name, rid: string): Promise<Frame> {
  return (
    await post(
      who,
      'method.call/subscriptions:get',
      { message: JSON.stringify({ msg: 'method', id: '1', method: 'subscriptions/get', params: [] }) },
      OK,
    ).then(body => JSON.parse(body.message).result)
  ).find((one: Frame) => one.rid === rid)
}
export async function roomOf(who: Name, rid: string): Promise<Frame> {
  return (await get(who, 'rooms.get', OK)).update.find((one: Frame) => one._id === rid)
}
export const queueOf = async (who: Name, rid: string) =>
  ((await roomOf(who, rid)).usersWaitingForE2EKeys ?? []).map((one: Frame) => one.userId)
export const waiting = (who: Name, ...rids: string[]) =>
  api(who, 'GET', `e2e.fetchUsersWaitingForGroupKey?${rids.map(rid => `roomIds[]=${rid}`).join('&')}`)
export const provide = (who: Name, rid: string, ...users: object[]) =>
  post(who, 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys: { [rid]: users } }, OK)
export const set = (id: string, value: unknown) => post('ada', `settings/${id}`, { value }, OK)
export async function having(id: string, value: unknown, work: () => Promise<unknown>): Promise<void> {
  const before = (await get('ada', `settings/${id}`, OK)).value
  await set(id, value)
  try {
    await work()
  } finally {
    await set(id, before)
  }
}
export async function web(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; type: string | null; headers: Headers; text: string; body: Frame }> {
  const response = await fetch(`${server.url}${path}`, init)
  const text = await response.text()
  let body: Frame
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  return { status: response.status, type: response.headers.get('content-type'), headers: response.headers, text, body }
}
export const headersOf = (name: Name, more: Record<string, string> = {}) => {
  const { id, token } = headers(name)
  return { 'x-user-id': id, 'x-auth-token': token, ...more }
}
/** A socket with nothing said, its close code and what came. */
export async function bare(
  path = '/websocket',
): Promise<{ ws: WebSocket; got: string[]; closed: Promise<[number, string]> }> {
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}${path}`)
  const got: string[] = []
  ws.on('message', data => got.push(data.toString()))
  ws.on('error', () => {})
  const closed = new Promise<[number, string]>((resolve, reject) => {
    ws.on('close', (code, reason) => resolve([code, reason.toString()]))
    setTimeout(() => reject(new Error(`not closed; came ${got}`)), 4_000).unref()
  })
  closed.catch(() => {})
  await new Promise(resolve => ws.on('open', resolve))
  return { ws, got, closed }
}
export async function closesWith(code: number, frames: (object | string | Buffer)[], path?: string): Promise<void> {
  const { ws, closed } = await bare(path)
  for (const frame of frames)
    ws.send(Buffer.isBuffer(frame) || typeof frame === 'string' ? frame : JSON.stringify(frame))
  expect((await closed)[0]).toBe(code)
}
export const CONNECT = { msg: 'connect', version: '1', support: ['1', 'pre2', 'pre1'] }
export const nap = (ms = 200) => new Promise(resolve => setTimeout(resolve, ms))
/** No event of that stream within a moment of the work. */
export async function silent(
  client: Ddp,
  stream: string,
  eventName: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = client.events(stream, eventName).length
  await work()
  await nap()
  expect(client.events(stream, eventName).slice(before)).toEqual([])
}
/** The first event of that name that the work causes. */
export async function hears(
  client: Ddp,
  stream: string,
  eventName: string,
  work: () => Promise<unknown>,
  fits: (args: Frame[]) => boolean = () => true,
): Promise<Frame> {
  const from = client.frames.length
  await work()
  return client.event(stream, (args, name) => name === eventName && fits(args), from)
}
export async function listener(who: Name, stream: string, eventName: string): Promise<Ddp> {
  const client = await as(who)
  expect(await client.sub(stream.startsWith('stream-') ? stream : `stream-${stream}`, eventName)).toMatchObject({
    msg: 'ready',
  })
  return client
}

export const packet = (name: string, params: unknown[], id: unknown = '7') => ({
  message: JSON.stringify({ msg: 'method', id, method: name, params }),
})

export const refusedSub = async (
  who: Name | null,
  name: string,
  event: string,
  code: string | number = 'not-allowed',
) => {
  const client = who === null ? await connected() : await as(who)
  const got = await client.sub(name, event)
  is(got).toMatchObject({ msg: 'nosub', error: { isClientSafe: true, error: code, errorType: 'Meteor.Error' } })
}
export const bobsRoom = () => group('alice', ['bob'])

export const sealed = async (...m: Name[]) => keyed('alice', 'bob', ...m)

export const works = async (who: Name | Ddp, method: string, ...params: unknown[]) => {
  const got = await ask(who, method, ...params)
  is(got.error).toBeUndefined()
  return got.result
}

/** Servers of another configuration: each case starts its own. */
export const configured = (config: object, work: (url: string) => Promise<unknown>) => async () => {
  const other = await start({ config: config as Record<string, unknown> })
  try {
    await work(other.url)
  } finally {
    await other.remove()
  }
}
