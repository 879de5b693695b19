// What X's command line (xurl 1.3.1) sends, request for request: its log-in, its commands for encrypted chat, and its
// reading of the answers. It is redirected by AUTH_URL, TOKEN_URL, API_BASE_URL and INFO_URL. The cryptography is that of
// X's own engine, as there. It never registers keys and makes no groups: that is done before it by X's SDK.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { PreparedConversationChange, PublicKeyInput, SigningKeyEntry } from '@xdevplatform/chat-xdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/gateways/xchat/index.ts'
import type { TestServer } from '../server.ts'
import { startServer } from '../server.ts'
import { type AppAt, askToken, attempt, codeOf, exchange, refresh } from './browser.ts'
import { Person, rotationOf } from './sdk.ts'
import { tokenOf } from './start.ts'

const [ADA, BOB, CYD, DAN] = ['6001', '6002', '6003', '6004'] as [string, string, string, string]
const PASSWORD = 'a password of a user'
const FIELDS = 'user.fields=created_at,description,public_metrics,verified,profile_image_url'
/** Bytes of a segment. */
const SEGMENT = 3 * 1024 * 1024

let server: TestServer
let app: AppAt
let ada: Person
let bob: Person
let cyd: Person

beforeAll(async () => {
  const users = [ADA, BOB, CYD, DAN].map((id, at) => ({
    id,
    username: ['ada', 'bob', 'cyd', 'dan'][at],
    name: `User ${id}`,
    password: PASSWORD,
    tokens: [tokenOf(id)],
  }))
  const redirects = ['http://localhost:8080/callback']
  const apps = [{ id: 'xurl', secret: 'the secret of xurl+', owner: ADA, redirects, tokens: ['bearer-of-xurl'] }]
  server = await startServer({ world: { users, apps } })
  app = { url: server.url, id: 'xurl', secret: 'the secret of xurl+', redirect: 'http://localhost:8080/callback' }
  ;[ada, bob, cyd] = [ADA, BOB, CYD].map(id => new Person(server.url, id)) as [Person, Person, Person]
  for (const person of [ada, bob, cyd]) await person.register()
})
afterAll(() => server?.remove())

interface Reply {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any
  readonly bytes: Buffer
  /** What the command line looks for words in. */
  readonly text: string
}

/** Sends what Go's client sends, and nothing else: no content type without a body, no accept. */
class Xurl {
  readonly #bearer: string

  constructor(bearer: string) {
    this.#bearer = bearer
  }

  async open(method: string, path: string, data?: object): Promise<IncomingMessage> {
    const body = data === undefined ? undefined : JSON.stringify(data)
    const headers = {
      'user-agent': 'xurl/1.3.1',
      authorization: `Bearer ${this.#bearer}`,
      'accept-encoding': 'gzip',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(body === undefined && method !== 'POST' ? {} : { 'content-length': Buffer.byteLength(body ?? '') }),
    }
    const asked = request(server.url + path, { method, headers })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return response
  }

  async send(method: string, path: string, data?: object): Promise<Reply> {
    const response = await this.open(method, path, data)
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const text = bytes.toString('utf8')
    const isJson = (response.headers['content-type'] ?? '').includes('json')
    return { status: response.statusCode ?? 0, bytes, text, body: isJson ? JSON.parse(text) : undefined }
  }

  async good(method: string, path: string, data?: object): Promise<Reply> {
    const reply = await this.send(method, path, data)
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`)
    return reply
  }

  /** The numerically highest version of each, one read per user. */
  async newestKeys(users: readonly string[]): Promise<PublicKeyInput[]> {
    const inputs: PublicKeyInput[] = []
    for (const user of users) {
      const { body } = await this.good('GET', `/2/users/${user}/public_keys`)
      const rows: { public_key: string; public_key_version: string }[] = body.data ?? []
      const [newest] = rows.sort((a, b) => Number(BigInt(b.public_key_version) - BigInt(a.public_key_version)))
      if (!newest) throw new Error(`${user} has no registered keys`)
      inputs.push({ userId: user, publicKey: newest.public_key, keyVersion: newest.public_key_version })
    }
    return inputs
  }

  /** Rows without `user_id` are dropped. */
  async signingKeys(users: readonly string[]): Promise<SigningKeyEntry[]> {
    const { body } = await this.good('GET', `/2/users/public_keys?ids=${encodeURIComponent(users.join(','))}`)
    return body.data
      .filter((row: { user_id?: string }) => row.user_id)
      .map((row: Record<string, string>) => ({
        userId: row.user_id,
        publicKeyVersion: row.public_key_version,
        publicKey: row.signing_public_key,
        identityPublicKey: row.public_key,
        identityPublicKeySignature: row.identity_public_key_signature,
      }))
  }

  /** A page of events with the keys that it needs first. */
  async read(conversation: string, person: Person, users: readonly string[]) {
    const { body } = await this.good('GET', `/2/chat/conversations/${conversation}/events?max_results=100`)
    const page: { id: string; encoded_event: string; conversation_id: string }[] = body.data
    const events = [...body.meta.conversation_key_events, ...page.map(event => event.encoded_event).reverse()]
    const result = person.engine.decryptEvents(events, await this.signingKeys(users))
    const texts = result.messages
      .map(({ event }) => event)
      .filter(event => event.type === 'message')
      .map(event => String(event.content?.text))
    return { page, result, texts }
  }
}

async function loggedIn(username: string): Promise<Xurl> {
  const trying = attempt(app)
  const answer = await exchange(app, await codeOf(trying, { username, password: PASSWORD }), trying.verifier)
  expect(answer.status).toBe(200)
  return new Xurl(answer.body.access_token)
}

/** The body of a change of keys as the command line writes it: the signing key in its 65-byte form, a payload if any. */
function bodyOf(person: Person, prepared: PreparedConversationChange) {
  const engine = person.engine as unknown as { getPublicKeys(): { signing: string } }
  const { signing } = engine.getPublicKeys()
  expect(Buffer.from(signing, 'base64')).toHaveLength(65)
  const { conversationKeyVersion, conversationParticipantKeys, actionSignatures } = rotationOf(prepared)
  return {
    conversation_key_version: conversationKeyVersion,
    conversation_participant_keys: conversationParticipantKeys.map(key => ({
      user_id: key.userId,
      encrypted_conversation_key: key.encryptedConversationKey,
      public_key_version: key.publicKeyVersion,
    })),
    action_signatures: actionSignatures.map(one => ({
      message_id: one.messageId,
      encoded_message_event_detail: one.encodedMessageEventDetail,
      message_event_signature: {
        signature: one.messageEventSignature.signature,
        signature_version: one.messageEventSignature.signatureVersion,
        public_key_version: one.messageEventSignature.publicKeyVersion,
        signing_public_key: signing,
      },
      ...(one.signaturePayload === undefined ? {} : { signature_payload: one.signaturePayload }),
    })),
  }
}

async function say(xurl: Xurl, person: Person, path: string, id: string, version: string, text: string) {
  const payload = person.message(id, version, text)
  return xurl.good('POST', `/2/chat/conversations/${path}/messages`, {
    message_id: payload.messageId,
    encoded_message_create_event: payload.encryptedContent,
    encoded_message_event_signature: payload.encodedEventSignature,
  })
}

const serves = (operation: string) => ROUTES.some(route => route.operation === operation)

describe('xurl auth', () => {
  test('logs in with the secret in a header, and without one as a public client', async () => {
    const { secret: _, ...bare } = app
    for (const client of [app, bare]) {
      const trying = attempt(client)
      const code = await codeOf(trying, { username: 'ada', password: PASSWORD })
      const { status, body } = await exchange(client, code, trying.verifier)
      expect([status, body.token_type, body.expires_in]).toEqual([200, 'bearer', 7200])
      expect(body.scope.split(' ')).toEqual(expect.arrayContaining(['dm.read', 'dm.write', 'offline.access']))
      // INFO_URL, for the name under which the token is kept.
      const info = await fetch(`${server.url}/2/users/me`, {
        headers: { authorization: `Bearer ${body.access_token}` },
      })
      expect(((await info.json()) as { data: { username: string } }).data.username).toBe('ada')
      const again = await refresh(client, body.refresh_token)
      expect(again.body.refresh_token).toEqual(expect.any(String))
      expect((await new Xurl(again.body.access_token).good('GET', `/2/users/me?${FIELDS}`)).body.data.id).toBe(ADA)
    }
  })

  test('gets an app its bearer token', async () => {
    const { body } = await askToken(app, { grant_type: 'client_credentials' }, '/oauth2/token')
    expect((await new Xurl(body.access_token).good('GET', `/2/users/by/username/bob?${FIELDS}`)).body.data.id).toBe(BOB)
    expect((await new Xurl(body.access_token).send('GET', '/2/chat/conversations?max_results=20')).status).toBe(403)
  })
})

describe('xurl whoami and user', () => {
  test('find people by their names and ids', async () => {
    const xurl = await loggedIn('ada')
    expect((await xurl.good('GET', `/2/users/by/username/bob?${FIELDS}`)).body.data).toEqual({
      id: BOB,
      name: `User ${BOB}`,
      username: 'bob',
    })
    expect((await xurl.good('GET', `/2/users/${BOB}`)).body.data.username).toBe('bob')
    const nobody = await xurl.send('GET', `/2/users/by/username/nobody?${FIELDS}`)
    expect([nobody.status, nobody.body.title]).toEqual([404, 'Not Found Error'])
  })
})

describe('xurl chat', () => {
  test('keys status shows what is registered, also for who never did', async () => {
    const xurl = await loggedIn('ada')
    const { body } = await xurl.good('GET', `/2/users/${ADA}/public_keys`)
    expect(body.data).toHaveLength(1)
    expect(Object.keys(body.data[0])).toEqual(
      expect.arrayContaining([
        'public_key_version',
        'public_key',
        'signing_public_key',
        'identity_public_key_signature',
      ]),
    )
    const none = await (await loggedIn('dan')).good('GET', `/2/users/${BOB}/public_keys`)
    expect(none.body.data[0].juicebox_config).toBeUndefined()
    const batch = await xurl.good('GET', `/2/users/public_keys?ids=${BOB}%2C${DAN}`)
    expect(batch.body.data.map((row: { user_id: string }) => row.user_id)).toEqual([BOB])
    expect(batch.body.errors).toHaveLength(1)
    const filtered = await xurl.good('GET', `/2/users/public_keys?ids=${BOB}&public_key.fields=public_key`)
    expect(Object.keys(filtered.body.data[0]).sort()).toEqual(['public_key', 'user_id'])
  })

  test('send begins a conversation of two, and read reads it', async () => {
    const xurl = await loggedIn('ada')
    const path = `${ADA}-${BOB}`
    const missing = await xurl.send('GET', `/2/chat/conversations/${path}/events?max_results=100`)
    expect(missing.status).toBe(404)
    expect(missing.text.toLowerCase()).toMatch(/404|not found|does not exist/)
    const prepared = ada.engine.prepareConversationKeyChange({ publicKeys: await xurl.newestKeys([ADA, BOB]) })
    expect(prepared.conversationId).toBe(`${ADA}:${BOB}`)
    const begun = await xurl.good('POST', `/2/chat/conversations/${path}/keys`, bodyOf(ada, prepared))
    expect(begun.body.data.conversation_id).toBe(path)
    ada.keys.set(prepared.conversationKeyVersion, prepared.conversationKey)
    const sent = await say(xurl, ada, path, `${ADA}:${BOB}`, prepared.conversationKeyVersion, 'hello from a shell')
    expect(sent.status).toBe(201)
    const other = await loggedIn('bob')
    const { page, texts, result } = await other.read(path, bob, [ADA, BOB])
    expect(texts).toEqual(['hello from a shell'])
    expect([result.errors, page.every(event => event.conversation_id === `${ADA}:${BOB}`)]).toEqual([{}, true])
    const inbox = await other.good('GET', '/2/chat/conversations?max_results=20')
    expect(inbox.body.data[0]).toMatchObject({ id: path, type: 'direct', participant_ids: [ADA, BOB] })
  })

  test('add-members signs no lifetime and no flag, sends no encrypted title, and the new one reads on', async () => {
    const xurl = await loggedIn('ada')
    const { id } = await ada.createGroup([BOB], 'Team', { ttlMsec: 3_600_000 })
    const { body } = await xurl.good('GET', `/2/chat/conversations/${id}`)
    const current = body.data as { member_ids: string[]; admin_ids: string[]; group_name: string }
    expect(current).toMatchObject({ member_ids: [ADA, BOB], admin_ids: [ADA], group_name: 'Team' })
    const prepared = ada.engine.prepareGroupMembersChange({
      publicKeys: await xurl.newestKeys([ADA, BOB, CYD]),
      conversationId: id,
      newMemberIds: [CYD],
      currentMemberIds: current.member_ids,
      currentAdminIds: current.admin_ids,
      currentPendingMemberIds: [],
      currentTitle: current.group_name,
    })
    const change = { ...bodyOf(ada, prepared), user_ids: [CYD] }
    expect(Object.keys(change)).not.toContain('encrypted_title')
    expect((await xurl.good('POST', `/2/chat/conversations/${id}/members`, change)).status).toBe(200)
    ada.keys.set(prepared.conversationKeyVersion, prepared.conversationKey)
    await say(xurl, ada, id, id, prepared.conversationKeyVersion, 'welcome')
    const { texts, result } = await (await loggedIn('cyd')).read(id, cyd, [ADA, BOB, CYD])
    expect([texts, result.errors]).toEqual([['welcome'], {}])
  })

  test('rotate changes the key of a group', async () => {
    const xurl = await loggedIn('ada')
    const { id } = await ada.createGroup([BOB])
    const publicKeys = await xurl.newestKeys([ADA, BOB])
    const prepared = ada.engine.prepareConversationKeyChange({ publicKeys, conversationId: id })
    const answer = await xurl.good('POST', `/2/chat/conversations/${id}/keys`, bodyOf(ada, prepared))
    expect(answer.body.data).toEqual({ conversation_id: id, sequence_id: expect.stringMatching(/^[0-9]+$/) })
    ada.keys.set(prepared.conversationKeyVersion, prepared.conversationKey)
    await say(xurl, ada, id, id, prepared.conversationKeyVersion, 'under the new key')
    const { texts, result } = await (await loggedIn('bob')).read(id, bob, [ADA, BOB])
    expect([texts, result.errors]).toEqual([['under the new key'], {}])
  })

  test.skipIf(!serves('chatMediaUploadInitialize'))(
    'send --file and download carry bytes, segment by segment',
    async () => {
      const xurl = await loggedIn('ada')
      const { id } = await ada.createGroup([BOB])
      const file = randomBytes(SEGMENT + 1_000)
      const started = await xurl.good('POST', '/2/chat/media/upload/initialize', {
        conversation_id: id,
        total_bytes: file.length,
      })
      const { session_id: session, media_hash_key: key } = started.body.data
      const common = { conversation_id: id, media_hash_key: key }
      for (let at = 0; at * SEGMENT < file.length; at++) {
        await xurl.good('POST', `/2/chat/media/upload/${session}/append`, {
          ...common,
          segment_index: String(at),
          media: file.subarray(at * SEGMENT, (at + 1) * SEGMENT).toString('base64'),
        })
      }
      await xurl.good('POST', `/2/chat/media/upload/${session}/finalize`, { ...common, num_parts: '2' })
      const loaded = await (await loggedIn('bob')).good('GET', `/2/chat/media/${id}/${key}`)
      expect(createHash('sha256').update(loaded.bytes).digest('hex')).toBe(
        createHash('sha256').update(file).digest('hex'),
      )
    },
  )

  test('mark-read and typing', async () => {
    const xurl = await loggedIn('ada')
    const { id } = await ada.createGroup([BOB])
    const { page } = await xurl.read(id, ada, [ADA, BOB])
    expect((await xurl.good('POST', `/2/chat/conversations/${id}/typing`)).body).toEqual({ data: { success: true } })
    const seen = { seen_until_sequence_id: page[0]!.id }
    expect((await xurl.good('POST', `/2/chat/conversations/${id}/read`, seen)).body).toEqual({
      data: { success: true },
    })
  })

  test.skipIf(!serves('activityStream'))('--auth app streams, with lines that keep the connection alive', async () => {
    const response = await new Xurl('bearer-of-xurl').open('GET', '/2/activity/stream')
    try {
      expect(response.statusCode).toBe(200)
      const [first] = (await once(response, 'data')) as [Buffer]
      expect(first.toString('utf8').endsWith('\r\n')).toBe(true)
    } finally {
      response.destroy()
    }
  })
})
