// Rocket.Chat's own client libraries against the real server: ddp-client 1.1.2 and sdk 1.0.0-alpha.42.

import { uuidOf } from '@conclave/wire'
import { DDPSDK } from '@rocket.chat/ddp-client'
import { Rocketchat } from '@rocket.chat/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp } from './ddp.ts'
import { E2eClient, type Generation } from './e2e-client.ts'
import { type Recorded, recorded } from './recorded.ts'
import { digestOf, IDS, type Name, passwordOf, start, tokenOf } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: messages as they came
type Any = any

let server: TestServer
/** The libraries speak to it, so that the tap sees what they receive. */
let proxy: Recorded
const open: DDPSDK[] = []

beforeAll(async () => {
  server = await start()
  proxy = await recorded(server.url)
})
afterAll(async () => {
  for (const sdk of open) sdk.connection.close()
  proxy.close()
  await server.remove()
})

async function sdkOf(name: Name): Promise<DDPSDK> {
  const sdk = await DDPSDK.createAndConnect(proxy.url)
  open.push(sdk)
  await sdk.account.loginWithPassword(name, digestOf(name).digest)
  return sdk
}

/** Collects what a stream brings; waits for the first that fits. */
function collect(sdk: DDPSDK, stream: string, event: string) {
  const seen: Any[][] = []
  const subscription = (sdk as Any).stream(stream, event, (...args: Any[]) => void seen.push(args))
  return {
    seen,
    ready: () => subscription.ready(),
    first: async (fits: (...args: Any[]) => boolean = () => true): Promise<Any[]> => {
      for (let waited = 0; waited < 5_000; waited += 10) {
        const found = seen.find(args => fits(...args))
        if (found) return found
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      throw new Error(`nothing fitting among ${JSON.stringify(seen).slice(0, 1_000)}`)
    },
  }
}

describe('@rocket.chat/ddp-client', () => {
  test('logs in by digest, resumes by token, reads itself over REST, logs out', async () => {
    const sdk = await sdkOf('alice')
    expect(sdk.account.uid).toBe(IDS.alice)
    expect(sdk.account.user?.username).toBe('alice')
    const other = await DDPSDK.createAndConnect(proxy.url)
    open.push(other)
    const resumed = await other.account.loginWithToken(sdk.account.user?.token as string)
    expect(resumed.id).toBe(IDS.alice)
    expect(await (sdk.rest as Any).get('/v1/me')).toMatchObject({ _id: IDS.alice, username: 'alice', success: true })
    // The library would connect again by itself with the dead token, and nobody would catch its refusal.
    other.connection.close()
    await sdk.account.logout()
    await expect(
      (async () => {
        const late = await DDPSDK.createAndConnect(proxy.url)
        open.push(late)
        await late.account.loginWithToken(resumed.token)
      })(),
    ).rejects.toThrow(/logged out/)
  })

  test('two people talk in a public room, live both ways, and read it again', async () => {
    const [alice, bob] = [await sdkOf('alice'), await sdkOf('bob')]
    const rid = await alice.call('getRoomIdByNameOrId', 'general')
    expect(rid).toBe(server.rooms.general)
    const [heardByAlice, heardByBob] = [collect(alice, 'room-messages', rid), collect(bob, 'room-messages', rid)]
    await Promise.all([heardByAlice.ready(), heardByBob.ready()])
    await alice.call('sendMessage', { rid, msg: 'good morning' })
    await bob.call('sendMessage', { rid, msg: 'good evening' })
    const [atBob] = await heardByBob.first(({ msg }) => msg === 'good morning')
    expect(atBob).toMatchObject({ rid, u: { _id: IDS.alice, username: 'alice', name: 'ALICE' } })
    const [atAlice] = await heardByAlice.first(({ msg }) => msg === 'good evening')
    const history = await alice.call('loadHistory', rid, null, 2)
    expect(history.messages.map((one: Any) => one._id)).toEqual([atAlice._id, atBob._id])
  })

  test('a refused subscription rejects, an unknown method says so', async () => {
    const mallory = await sdkOf('mallory')
    await expect(collect(mallory, 'room-messages', server.rooms.secret as string).ready()).rejects.toBeTruthy()
    await expect(mallory.call('no.such.method')).rejects.toMatchObject({ error: 404 })
  })
})

describe.each(['v1', 'v2'] as const)('end-to-end encryption of generation %s', (generation: Generation) => {
  test('a room is made, its key goes to the other and to a third, and an outsider sees nothing', async () => {
    const sdks = { alice: await sdkOf('alice'), bob: await sdkOf('bob'), carol: await sdkOf('carol') }
    const outsider = await Ddp.as(server.url, 'mallory')
    const people = Object.fromEntries(
      Object.entries(sdks).map(([name, sdk]) => [name, new E2eClient(sdk, IDS[name as Name], generation)]),
    ) as Record<keyof typeof sdks, E2eClient>
    for (const [name, person] of Object.entries(people)) {
      // The other generation has set this user's keys in the test before: replaced, as a client does after a reset.
      await person.setUp(`passphrase of ${name}`).catch(async () => person.restore(`passphrase of ${name}`))
    }
    const { alice, bob, carol } = people
    const told = collect(sdks.bob, 'notify-user', `${IDS.bob}/subscriptions-changed`)
    await told.ready()
    const made = await sdks.alice.call(
      'createPrivateGroup',
      `sealed ${generation}`,
      ['bob'],
      false,
      {},
      { encrypted: true },
    )
    const { rid } = made
    await told.first((kind, doc) => kind === 'inserted' && doc.rid === rid && doc.encrypted === true)
    await alice.createRoomKey(rid)
    expect(await bob.openRoomKey(rid)).toBe(false)
    expect(await alice.shareRoomKey(rid)).toEqual([IDS.bob])
    const [, withKey] = await told.first((kind, doc) => kind === 'updated' && doc.rid === rid && doc.E2EKey)
    expect(withKey.E2EKey.startsWith(alice.rooms.get(rid)?.id)).toBe(true)
    expect(await bob.openRoomKey(rid)).toBe(true)

    const heard = collect(sdks.bob, 'room-messages', rid)
    await heard.ready()
    await alice.send(rid, 'only for us')
    const [first] = await heard.first(({ t }) => t === 'e2e')
    expect(first).toMatchObject({ msg: '', e2e: 'pending' })
    expect(await bob.decrypt(first)).toBe('only for us')

    expect(await sdks.alice.call('addUsersToRoom', { rid, users: ['carol'] })).toBe(true)
    await heard.first(({ t, msg }) => t === 'au' && msg === 'carol')
    expect(await bob.shareRoomKey(rid)).toEqual([IDS.carol])
    expect(await carol.openRoomKey(rid)).toBe(true)
    await bob.send(rid, 'welcome, carol')
    const history = await sdks.carol.call('loadHistory', rid, null, 50)
    const sealed = history.messages.filter((one: Any) => one.t === 'e2e')
    expect(await Promise.all(sealed.map((one: Any) => carol.decrypt(one)))).toEqual(['welcome, carol', 'only for us'])

    await expect(sdks.alice.call('sendMessage', { rid, msg: 'in the clear' })).rejects.toMatchObject({
      error: 'error-not-allowed',
    })
    expect((await outsider.sub('stream-room-messages', rid)).error.error).toBe('not-allowed')
    expect(await outsider.call('loadHistory', rid)).toBe(false)
    expect((await outsider.ask('e2e.getUsersOfRoomWithoutKey', rid)).error.error).toBe('error-invalid-room')
    expect(await outsider.call('subscriptions/get')).toEqual([])
    outsider.close()
  })
})

test('a second device opens the key pair with the passphrase and reads on', async () => {
  const alice = await Ddp.as(server.url, 'dave')
  const first = new E2eClient(alice, IDS.dave, 'v2')
  await first.setUp('twelve words')
  const { rid } = await alice.call('createPrivateGroup', 'for one', [], false, {}, { encrypted: true })
  await first.createRoomKey(rid)
  const sent = await first.send(rid, 'note to self')
  const second = new E2eClient(await Ddp.as(server.url, 'dave'), IDS.dave, 'v2')
  await second.restore('twelve words')
  expect(await second.openRoomKey(rid)).toBe(true)
  const { messages } = await second.wire.call('loadHistory', rid)
  expect(messages[0]._id).toBe(sent._id)
  expect(await second.decrypt(messages[0])).toBe('note to self')
})

describe('@rocket.chat/sdk 1.0 alpha', () => {
  test('logs in over REST, resumes, joins, subscribes, hears and talks', async () => {
    const quiet = { debug() {}, info() {}, warn() {}, error() {}, warning() {} }
    const bot = new Rocketchat({ logger: quiet, protocol: 'ddp', host: proxy.url, useSsl: false, reopen: 100_000 })
    await bot.connect({})
    await bot.login({ user: 'carol', username: 'carol', password: passwordOf('carol') } as Any)
    const rid = server.rooms.general as string
    await bot.post('channels.join', { roomId: rid })
    const heard: Any[] = []
    await bot.onMessage(((message: Any) => void heard.push(message)) as Any)
    await bot.subscribeRoom(rid)
    await bot.subscribeNotifyUser()
    await bot.subscribeLoggedNotify()
    const bob = await Ddp.as(server.url, 'bob')
    await bob.call('sendMessage', { rid, msg: 'hello bot' })
    for (let waited = 0; waited < 5_000 && heard.length === 0; waited += 10)
      await new Promise(resolve => setTimeout(resolve, 10))
    expect(JSON.stringify(heard)).toContain('hello bot')
    const sent: Any = await (bot as Any).sendMessage?.('hello bob', rid).catch((error: unknown) => error)
    expect(sent?.success === false).toBe(false)
    const history: Any = await bob.call('loadHistory', rid, null, 5)
    expect(JSON.stringify(history)).toContain('hello b')
    await bot.disconnect()
    bob.close()
  })
})

test('a client-chosen id and a server-made one are both good for history', async () => {
  const alice = await Ddp.as(server.url, 'alice')
  const rid = server.rooms.general as string
  const chosen = await alice.call('sendMessage', { _id: 'chosen-by-alice', rid, msg: 'mine' })
  const made = await alice.call('sendMessage', { rid, msg: 'yours' })
  expect(chosen._id).toBe('chosen-by-alice')
  expect(made._id).toMatch(/^[0-9a-f-]{36}$/)
  expect(await alice.call('sendMessage', { _id: 'chosen-by-alice', rid, msg: 'mine' })).toEqual(chosen)
  for (const taken of [
    { _id: 'chosen-by-alice', rid, msg: 'other' },
    { _id: uuidOf('1'), rid, msg: 'forged' },
  ]) {
    expect((await alice.ask('sendMessage', taken)).result).toBeUndefined()
  }
  alice.close()
})

test('no frame carries a private key, a password, a token or a key that is not its reader’s', async () => {
  const bystander = await Ddp.as(server.url, 'bob')
  const alice = await Ddp.as(server.url, 'alice')
  const carol = await Ddp.as(server.url, 'carol')
  for (const event of ['subscriptions-changed', 'rooms-changed', 'message', 'e2ekeyRequest', 'userData'])
    await bystander.sub('stream-notify-user', `${IDS.bob}/${event}`)
  await bystander.sub('stream-room-messages', '__my_messages__')
  const secret = 'PLANTED-PRIVATE-KEY'
  await alice.call('e2e.setUserPublicAndPrivateKeys', {
    public_key: 'public of alice',
    private_key: secret,
    force: true,
  })
  const made = await alice.call('createPrivateGroup', 'watched', ['bob', 'carol'], false, {}, { encrypted: true })
  await alice.call('e2e.setRoomKeyID', made.rid, 'watched-key')
  await bystander.sub('stream-room-messages', made.rid)
  await bystander.sub('stream-notify-room', `${made.rid}/e2e.keyRequest`)
  await alice.call('e2e.updateGroupKey', made.rid, IDS.alice, 'PLANTED-KEY-OF-ALICE')
  await alice.call('e2e.updateGroupKey', made.rid, IDS.carol, 'PLANTED-KEY-OF-CAROL')
  await alice.call('e2e.updateGroupKey', made.rid, IDS.carol, 'PLANTED-OFFER-TO-CAROL')
  await carol.call('leaveRoom', made.rid)
  await bystander.call('subscriptions/get')
  await bystander.call('rooms/get')
  await bystander.call('e2e.getUsersOfRoomWithoutKey', made.rid)
  await bystander.call('loadHistory', made.rid, null, 50)
  await bystander.call('e2e.updateGroupKey', made.rid, IDS.alice, 'offer of bob')
  const seen = bystander.texts.join('\n')
  expect(seen).toContain(made.rid)
  for (const planted of [secret, 'PLANTED-KEY-OF-ALICE', 'PLANTED-KEY-OF-CAROL', 'PLANTED-OFFER-TO-CAROL', '$argon2'])
    expect(seen).not.toContain(planted)
  for (const name of ['alice', 'carol'] as const) expect(seen).not.toContain(tokenOf(name))
  expect(server.output()).not.toMatch(/PLANTED|argon2/)
})
