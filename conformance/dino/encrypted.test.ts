// Encrypted rooms over Dino's wire (design 6): a group made and keyed over the X wire, with its members on both.
import { idOfUuid, uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { enroll, type Group, type Hand, makeGroup, messageBody } from '../xchat/hand.ts'
import { ask } from '../xchat/http.ts'
import { A, B, C, startXchatServer, tokenOf } from '../xchat/start.ts'
import { base64, DinoClient, plain } from './client.ts'

let server: TestServer
let a: Hand
let b: Hand
let group: Group
const clients: DinoClient[] = []

beforeAll(async () => {
  server = await startXchatServer()
  a = await enroll(server.url, A)
  b = await enroll(server.url, B)
  await enroll(server.url, C)
  group = await makeGroup(server.url, a, [a, b])
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server.remove())

async function loggedIn(user: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation: clients.length % 2 === 0 ? 2 : 4 })
  clients.push(client)
  expect((await client.login(user, `user${user}`, tokenOf(user))).code).toBe(200)
  return client
}

const roomOf = ({ id }: Group) => uuidOf(id.slice(1))
const at = (of: Group) => ({ verb: 'x', target: { id: roomOf(of) } })

function sealed(of: Group, body: object | string) {
  const content = base64(typeof body === 'string' ? body : JSON.stringify(body))
  return { verb: 'send', target: { id: roomOf(of), objectType: 'private' }, object: { content } }
}

test('the group is listed to its members alone, under its id and never its title', async () => {
  const listed = async (user: string): Promise<string[]> => {
    const client = await loggedIn(user)
    const channels = (await client.request('list_channels', { verb: 'list' })).data.data.object.attachments
    const rooms = channels.find(({ displayName }: { displayName: string }) => plain(displayName) === 'Rooms')
    if (!rooms) return []
    const { data } = await client.request('list_rooms', { verb: 'list', object: { url: rooms.id } })
    return data.data.object.attachments.map(({ displayName }: { displayName: string }) => plain(displayName))
  }
  expect(await listed(A)).toEqual([group.id])
  expect(await listed(B)).toEqual([group.id])
  expect(await listed(C)).toEqual([])
})

test('a member sends the envelope over this wire, and every member gets it on both', async () => {
  const [anna, ben] = [await loggedIn(A), await loggedIn(B)]
  const body = messageBody(a, group.id, group.version)
  const { data, code } = await anna.request('message', sealed(group, body))
  expect(code).toBe(200)
  for (const client of [anna, ben]) {
    const push = await client.next('message')
    expect(push).toEqual(data.data)
    expect(JSON.parse(plain(push.object.content))).toEqual(body)
  }
  const events = await ask(server.url, tokenOf(B), 'GET', `/2/chat/conversations/${group.id}/events`)
  expect(events.text).toContain(idOfUuid(data.data.id))
  const history = await ben.request('history', at(group))
  expect(JSON.parse(plain(history.data.data.object.attachments[0].content))).toEqual(body)
})

test('a message sent again is the same message, whichever wire it comes over', async () => {
  const anna = await loggedIn(A)
  const body = messageBody(a, group.id, group.version)
  const sent = await ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
  expect(sent.status).toBe(201)
  const push = await anna.next('message')
  expect(JSON.parse(plain(push.object.content))).toEqual(body)
  const { data } = await anna.request('message', sealed(group, body))
  expect(data.data.id).toBe(push.id)
  await anna.settle()
  expect(anna.named('message')).toHaveLength(1)
})

test('whoever becomes a member while logged in hears the room from then on', async () => {
  const [anna, ben] = [await loggedIn(A), await loggedIn(B)]
  const late = await makeGroup(server.url, a, [a, b])
  expect((await anna.request('message', sealed(late, messageBody(a, late.id, late.version)))).code).toBe(200)
  expect((await ben.next('message')).target.id).toBe(roomOf(late))
})

test('plaintext, another shape, an old key and a forged signature are refused, each with a text', async () => {
  const anna = await loggedIn(A)
  const refusal = async (body: object | string): Promise<number> => {
    const { data, code } = await anna.request('message', sealed(group, body))
    expect(typeof data.error).toBe('string')
    return code
  }
  const right = messageBody(a, group.id, group.version)
  expect(await refusal('hello')).toBe(705)
  expect(await refusal('{"text":"hello"}')).toBe(705)
  expect(await refusal({ ...right, message_id: 7 })).toBe(706)
  expect(await refusal({ ...right, encoded_message_event_signature: 'AAAA' })).toBe(706)
  expect(await refusal({ ...right, encoded_message_create_event: 'AAAA' })).toBe(706)
  expect(await refusal(messageBody(a, group.id, '1'))).toBe(705)
  expect(await refusal(messageBody(a, group.id, group.version, { signer: b }))).toBe(706)
  expect(await refusal({ algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'x', ciphertext: 'y' })).toBe(705)
  await anna.settle()
  expect(anna.named('message')).toEqual([])
})

test('who is no member neither enters, nor reads, nor sends, nor hears', async () => {
  const [carl, anna] = [await loggedIn(C), await loggedIn(A)]
  expect((await carl.request('join', at(group))).code).toBe(705)
  expect((await carl.request('history', at(group))).code).toBe(705)
  expect((await carl.request('users_in_room', at(group))).data.data.object.attachments).toEqual([])
  const body = messageBody(a, group.id, group.version)
  expect((await carl.request('message', sealed(group, body))).code).toBe(705)
  await anna.request('message', sealed(group, body))
  await carl.settle()
  expect(carl.named('message')).toEqual([])
})

test('members join like anywhere and see each other', async () => {
  const [anna, ben] = [await loggedIn(A), await loggedIn(B)]
  expect((await anna.request('join', at(group))).code).toBe(200)
  const { data } = await ben.request('join', at(group))
  expect(data.data.object.attachments[3].attachments.map(({ id }: { id: string }) => id)).toEqual([A])
  expect((await anna.next('gn_user_joined', ({ actor }) => actor.id === B)).target.displayName).toBe(base64(group.id))
})
