// Files over the Rocket.Chat wire: uploads, the messages that they go with, downloads by right (L10), no plaintext into
// encrypted rooms (L3), and what attackers try.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.ts'
import { Ddp, rest } from './ddp.ts'
import { E2eClient, type Generation } from './e2e-client.ts'
import { openEncryptedFile, sendEncryptedFile } from './e2e-files.ts'
import { authOf, get, post, type Sent, sha256 } from './files.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by each test
type Any = any

let server: TestServer
let rid: string
let made = 0
const clients: Ddp[] = []

beforeAll(async () => {
  server = await start({ config: { limits: { media: { bytes: 12_000_000, kept: 40_000_000, uploads: 4 } } } })
})
afterAll(() => server.remove())
beforeEach(async () => {
  for (const client of clients.splice(0)) client.close()
  rid = await group()
})

async function as(name: Name): Promise<Ddp> {
  const client = await Ddp.as(server.url, name)
  clients.push(client)
  return client
}
const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)
async function group(extra: object = {}, members = ['bob']): Promise<string> {
  const alice = await as('alice')
  return (await alice.call('createPrivateGroup', `files ${made++} ${Date.now()}`, members, false, {}, extra)).rid
}
const media = (sent: Sent = {}, who: Name | null = 'alice', room = rid) =>
  post(server.url, who, `rooms.media/${room}`, sent)
const confirm = (file: string, body: object = {}, who: Name = 'alice', room = rid) =>
  api(who, 'POST', `rooms.mediaConfirm/${room}/${file}`, body)
async function send(sent: Sent = {}, said: object = {}, room = rid): Promise<Any> {
  const { body } = await media(sent, 'alice', room)
  const answer = await confirm(body.file._id, said, 'alice', room)
  expect(answer).toMatchObject({ status: 200, body: { success: true } })
  return answer.body.message
}
const fetched = (link: string, who: Name | null = 'bob', headers = {}) => get(server.url, who, link, headers)
const linkOf = (message: Any): string => message.attachments[0].title_link
const ciphertext = { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(64) }
const sealed = { fields: { content: JSON.stringify(ciphertext) } }
const blobs = async () => (await readdir(join(server.data, 'blobs'))).filter(name => name !== '.writing')
async function eventually<T>(look: () => Promise<T>, fits: (value: T) => boolean, ms = 15_000): Promise<T> {
  for (const end = Date.now() + ms; ; ) {
    const value = await look()
    if (fits(value)) return value
    if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(value)}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

describe('a file', () => {
  test('is uploaded, confirmed as a message, told live, listed, and read as it was sent', async () => {
    const bob = await as('bob')
    await bob.sub('stream-room-messages', rid)
    const bytes = randomBytes(5_000_000)
    const uploaded = await media({ bytes, name: 'report.pdf', type: 'application/pdf' })
    expect(uploaded).toMatchObject({ status: 200, type: 'application/json', body: { success: true } })
    const { _id, url } = uploaded.body.file
    expect(url).toBe(`/file-upload/${_id}/report.pdf`)
    const { body } = await confirm(_id, { msg: 'the report', description: 'of May' })
    const shown = { _id, name: 'report.pdf', type: 'application/pdf', size: bytes.length, typeGroup: 'application' }
    expect(body.message).toMatchObject({
      rid,
      msg: 'the report',
      file: shown,
      files: [shown],
      attachments: [
        { title: 'report.pdf', type: 'file', description: 'of May', title_link: url, title_link_download: true },
      ],
    })
    expect(body.message.attachments[0]).toMatchObject({ format: 'PDF', size: bytes.length, fileId: _id })
    const [live] = await bob.event('room-messages', ([one]) => one.file?._id === _id)
    expect(live).toMatchObject({ _id: body.message._id, files: [shown] })
    const { status, headers, bytes: read } = await fetched(url)
    expect([status, sha256(read)]).toEqual([200, sha256(bytes)])
    expect(headers.get('content-length')).toBe('5000000')
    const { messages } = await bob.call('loadHistory', rid)
    expect(messages.find((one: Any) => one._id === body.message._id)).toMatchObject({ file: shown })
    const list = await api('bob', 'GET', `groups.files?roomId=${rid}`)
    expect(list.body).toMatchObject({ count: 1, offset: 0, total: 1 })
    expect(list.body.files[0]).toMatchObject({ _id, rid, userId: IDS.alice, user: { username: 'alice' }, url })
  })

  test('comes in parts when a part is asked for, and again only when it is another', async () => {
    const bytes = randomBytes(3_000)
    const link = linkOf(await send({ bytes }))
    const part = await fetched(link, 'bob', { range: 'bytes=10-19' })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/3000'])
    expect(part.bytes).toEqual(bytes.subarray(10, 20))
    expect((await fetched(link, 'bob', { range: 'bytes=-5' })).bytes).toEqual(bytes.subarray(2_995))
    expect((await fetched(link, 'bob', { range: 'bytes=3000-' })).status).toBe(416)
    const etag = part.headers.get('etag') as string
    expect((await fetched(link, 'bob', { 'if-none-match': etag })).status).toBe(304)
    expect((await fetched(link, 'carol', { 'if-none-match': etag })).status).toBe(403)
    expect((await fetched(link, 'bob', { range: 'bytes=0-0', 'if-range': '"another"' })).bytes).toEqual(bytes)
  })

  test('pictures, sounds and films are shown as such, a picture with its size', async () => {
    const png = Buffer.from(
      '89504e470d0a1a0a0000000d4948445200000003000000020806000000b94adf8f0000000049454e44ae426082',
      'hex',
    )
    const picture = await send({ bytes: png, name: 'p.png', type: 'image/png' })
    const [first] = picture.attachments
    expect(first).toMatchObject({ image_type: 'image/png', image_dimensions: { width: 3, height: 2 } })
    expect(first.image_url).toBe(first.title_link)
    expect((await send({ name: 's.mp3', type: 'audio/mpeg' })).attachments[0]).toMatchObject({
      audio_type: 'audio/mpeg',
      audio_size: 5,
    })
    expect((await send({ name: 'f.mp4', type: 'video/mp4' })).attachments[0]).toHaveProperty('video_url')
    const images = await api('bob', 'GET', `rooms.images?roomId=${rid}`)
    expect(images.body.files.map(({ name }: Any) => name)).toEqual(['p.png'])
    expect((await api('carol', 'GET', `rooms.images?roomId=${rid}`)).status).toBe(403)
    expect((await api('carol', 'GET', 'rooms.images?roomId=none')).status).toBe(403)
  })

  test('lists are pages, newest first, filtered by name and kind', async () => {
    for (const name of ['one.txt', 'two.txt', 'three.png'])
      await send({ name, type: name.endsWith('png') ? 'image/png' : 'text/plain' })
    const names = async (query: string) => {
      const { body } = await api('bob', 'GET', `groups.files?roomId=${rid}&${query}`)
      return [body.total, body.files.map(({ name }: Any) => name)]
    }
    expect(await names('')).toEqual([3, ['three.png', 'two.txt', 'one.txt']])
    expect(await names('count=1&offset=1')).toEqual([3, ['two.txt']])
    expect(await names('name=TWO')).toEqual([1, ['two.txt']])
    expect(await names('typeGroup=image')).toEqual([1, ['three.png']])
    expect(await names('typeGroup=all&count=2')).toEqual([3, ['three.png', 'two.txt']])
  })

  test('goes in one step with rooms.upload, and over DDP with sendFileMessage', async () => {
    const fields = { msg: 'in one', description: 'step' }
    const { status, body } = await post(server.url, 'alice', `rooms.upload/${rid}`, { fields })
    expect(status).toBe(200)
    expect(body.message).toMatchObject({ msg: 'in one', attachments: [{ title: 'hello.txt', description: 'step' }] })
    expect((await fetched(linkOf(body.message))).bytes.toString()).toBe('hello')
    const alice = await as('alice')
    const uploaded = (await media()).body.file
    const file = { _id: uploaded._id, name: 'x', type: 'y', size: 1 }
    expect(await alice.call('sendFileMessage', rid, null, file, { msg: 'over DDP' })).toMatchObject({
      msg: 'over DDP',
      file: { name: 'hello.txt', size: 5 },
    })
    expect((await alice.ask('sendFileMessage', rid, null, { _id: uploaded._id })).error.error).toBe(
      'error-invalid-file',
    )
    expect((await alice.ask('sendFileMessage', rid, null, { ...file, _id: 'none' })).error.error).toBe(
      'error-invalid-file',
    )
    expect(await (await as('carol')).call('sendFileMessage', rid, null, file)).toBe(false)
  })

  test('answers a thread', async () => {
    const alice = await as('alice')
    const first = await alice.call('sendMessage', { rid, msg: 'a thread' })
    expect(await send({}, { tmid: first._id })).toMatchObject({ tmid: first._id, file: { name: 'hello.txt' } })
  })

  test('keeps its message when that is edited, and goes with it when it is deleted', async () => {
    const message = await send({}, { msg: 'befor' })
    const edited = await api('alice', 'POST', 'chat.update', { roomId: rid, msgId: message._id, text: 'before' })
    expect(edited.body.message).toMatchObject({ msg: 'before', file: { name: 'hello.txt' } })
    expect((await fetched(linkOf(message))).status).toBe(200)
    const held = (await blobs()).length
    expect((await api('alice', 'POST', 'chat.delete', { roomId: rid, msgId: message._id })).status).toBe(200)
    expect((await fetched(linkOf(message))).status).toBe(403)
    expect((await api('bob', 'GET', `groups.files?roomId=${rid}`)).body).toMatchObject({ total: 0, files: [] })
    await eventually(blobs, names => names.length === held - 1)
    expect((await confirm(message.file._id)).body).toMatchObject({ success: false, errorType: 'invalid-file' })
  })
})

describe('whose it is', () => {
  test('a stranger, a foreign user and nobody get 403, whether or not it is there (L10)', async () => {
    const link = linkOf(await send())
    for (const who of ['carol', null] as const) {
      const there = await fetched(link, who)
      const missing = await fetched(`/file-upload/${'0'.repeat(32)}/hello.txt`, who)
      expect([there.status, there.bytes.toString()]).toEqual([403, 'Forbidden'])
      expect([missing.status, missing.bytes.toString()]).toEqual([403, 'Forbidden'])
    }
    expect((await fetched(`/file-upload/${'0'.repeat(32)}/x`, 'bob')).status).toBe(403)
    expect((await fetched('/file-upload/../../etc/passwd', 'bob')).status).not.toBe(200)
  })

  test('it is opened by query, cookies or headers, and by nothing that does not fit together', async () => {
    const link = linkOf(await send())
    const [bob, carol] = [tokenOf('bob'), tokenOf('carol')]
    const status = async (query: string, headers: Record<string, string> = {}) =>
      (await get(server.url, null, `${link}${query}`, headers)).status
    expect(await status(`?rc_uid=${IDS.bob}&rc_token=${bob}`)).toBe(200)
    expect(await status('', { cookie: `a=b; rc_uid=${IDS.bob}; rc_token=${encodeURIComponent(bob)}` })).toBe(200)
    expect(await status('', authOf('bob'))).toBe(200)
    expect(await status(`?rc_uid=${IDS.bob}&rc_token=${carol}`)).toBe(403)
    expect(await status(`?rc_uid=${IDS.bob}`)).toBe(403)
    expect(await status(`?rc_uid=${IDS.bob}&rc_uid=${IDS.bob}&rc_token=${bob}`)).toBe(403)
    // Other sites do not find out, by cookies that are not theirs, what somebody may read; a link may be followed from there.
    const own = `rc_uid=${IDS.bob}; rc_token=${encodeURIComponent(bob)}`
    // `fetch` says of itself what a page is not asked.
    const from = async (site: string, mode: string) => {
      const headers = { cookie: own, 'sec-fetch-site': site, 'sec-fetch-mode': mode }
      const [answer] = await once(request(`${server.url}${link}`, { headers, agent: false }).end(), 'response')
      answer.resume()
      return answer.statusCode
    }
    expect(await from('cross-site', 'no-cors')).toBe(403)
    expect(await from('cross-site', 'navigate')).toBe(200)
    expect(await from('same-origin', 'no-cors')).toBe(200)
    // The first that names a user decides: a page cannot borrow the cookies of whoever looks at it.
    expect(await status(`?rc_uid=${IDS.carol}&rc_token=${carol}`, authOf('bob'))).toBe(403)
    const elsewhere = await get(server.url, 'bob', link, { origin: 'https://evil.example' })
    expect(elsewhere.headers.get('access-control-allow-credentials')).toBeNull()
    const old = link.replace('/file-upload/', '/ufs/GridFS:Uploads/')
    expect((await fetched(old)).status).toBe(200)
    expect((await fetched(old, 'carol')).status).toBe(403)
  })

  test('whoever leaves or is put out reads it no more, and whoever comes back reads what they saw before', async () => {
    const alice = await as('alice')
    const link = linkOf(await send())
    await (await as('bob')).call('leaveRoom', rid)
    expect((await fetched(link)).status).toBe(403)
    const between = linkOf(await send())
    await alice.call('addUsersToRoom', { rid, users: ['bob'] })
    expect((await fetched(link)).status).toBe(200)
    // A plain room shows all of its log to its members.
    expect((await fetched(between)).status).toBe(200)
  })

  test('whoever is out of an encrypted room reads and lists none of its files', async () => {
    const room = await group({ encrypted: true })
    const { body } = await media(sealed, 'alice', room)
    expect((await confirm(body.file._id, { t: 'e2e', content: ciphertext }, 'alice', room)).status).toBe(200)
    expect((await fetched(body.file.url)).status).toBe(200)
    expect((await api('bob', 'GET', `groups.files?roomId=${room}`)).body).toMatchObject({ total: 1, count: 1 })
    await (await as('bob')).call('leaveRoom', room)
    expect((await fetched(body.file.url)).status).toBe(403)
    expect((await api('bob', 'GET', `groups.files?roomId=${room}`)).body.errorType).toBe('error-room-not-found')
    expect((await media(sealed, 'bob', room)).status).toBe(403)
  })

  test('settings open files of public rooms, and never those of others (L10)', async () => {
    const setting = (id: string, value: boolean) => api('ada', 'POST', `settings/${id}`, { value })
    const alice = await as('alice')
    const open = (await alice.call('createChannel', `open ${made++}`, [])).rid
    const room = await group({ encrypted: true })
    const { body } = await media(sealed, 'alice', room)
    expect((await confirm(body.file._id, { t: 'e2e', content: ciphertext }, 'alice', room)).status).toBe(200)
    const links = [linkOf(await send({}, {}, open)), linkOf(await send()), body.file.url, (await media()).body.file.url]
    const statuses = (who: Name | null) => Promise.all(links.map(async link => (await fetched(link, who)).status))
    expect(await statuses('carol')).toEqual([403, 403, 403, 403])
    try {
      await setting('FileUpload_Restrict_to_room_members', false)
      expect(await statuses('carol')).toEqual([200, 403, 403, 403])
      expect(await statuses(null)).toEqual([403, 403, 403, 403])
      await setting('FileUpload_ProtectFiles', false)
      expect(await statuses('carol')).toEqual([200, 403, 403, 403])
      expect(await statuses(null)).toEqual([200, 403, 403, 403])
    } finally {
      await setting('FileUpload_Restrict_to_room_members', true)
      await setting('FileUpload_ProtectFiles', true)
    }
    expect(await statuses('alice')).toEqual([200, 200, 200, 200])
  })

  test('until it is confirmed it is its sender’s alone', async () => {
    const { _id, url } = (await media()).body.file
    expect((await fetched(url, 'alice')).status).toBe(200)
    expect((await fetched(url, 'bob')).status).toBe(403)
    expect((await api('bob', 'GET', `groups.files?roomId=${rid}`)).body.total).toBe(0)
    expect((await confirm(_id, {}, 'bob')).body).toMatchObject({ success: false, errorType: 'invalid-file' })
  })
})

describe('what is not taken (attacks)', () => {
  test('a file of somebody who is no member, for a room that is none, or without a log-in', async () => {
    const before = (await blobs()).length
    expect(await media({}, 'carol')).toMatchObject({ status: 403, body: { success: false, error: 'unauthorized' } })
    expect(await media({}, 'alice', 'nowhere')).toMatchObject({ status: 403, body: { error: 'unauthorized' } })
    expect(await media({}, null)).toMatchObject({ status: 401 })
    expect((await confirm('x', {}, 'carol')).status).toBe(403)
    expect((await blobs()).length).toBe(before)
  })

  test('forms that are none, with another field, two files or none', async () => {
    const raw = async (type: string, body: string) => {
      const headers = { ...authOf('alice'), 'content-type': type }
      const answer = await fetch(`${server.url}/api/v1/rooms.media/${rid}`, { method: 'POST', headers, body })
      return { status: answer.status, body: (await answer.json()) as Any }
    }
    expect(await media({ field: 'test' })).toMatchObject({
      status: 400,
      body: { success: false, error: '[invalid-field]', errorType: 'invalid-field' },
    })
    const form = new FormData()
    for (const name of ['a', 'b']) form.append('file', new Blob([name]), name)
    const two = await fetch(`${server.url}/api/v1/rooms.media/${rid}`, {
      method: 'POST',
      headers: authOf('alice'),
      body: form,
    })
    expect([two.status, await two.json()]).toMatchObject([400, { success: false, error: 'Just 1 file is allowed' }])
    for (const [type, body] of [
      ['application/json', '{"file":"x"}'],
      ['multipart/form-data', 'x'],
      ['multipart/form-data; boundary=x', ''],
      ['multipart/form-data; boundary=x', '--x--\r\n'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\ncontent-disposition: form-data; name="msg"\r\n\r\nhello\r\n--x--\r\n',
      ],
      ['multipart/form-data; boundary=x', 'no form at all'],
    ] as const)
      expect(await raw(type, body), `${type} ${body}`).toMatchObject({ status: 400, body: { success: false } })
    const answer = await fetch(`${server.url}/api/v1/rooms.media/${rid}`, { method: 'POST', headers: authOf('alice') })
    expect(answer.status).toBe(400)
  })

  test('a content that is no ciphertext in JSON', async () => {
    for (const content of ['no json', '[]', 'null', '{}', '{"algorithm":1,"ciphertext":"x"}'])
      expect(await media({ fields: { content } }), content).toMatchObject({
        status: 400,
        body: { error: '[invalid-field-content]', errorType: 'invalid-field-content' },
      })
  })

  test('a file that is too large, said to be or not, and none of it is kept', async () => {
    const before = (await blobs()).length
    const large = { bytes: randomBytes(12_500_000) }
    expect(await media(large)).toMatchObject({ status: 400, body: { errorType: 'error-file-too-large' } })
    const chunked = await new Promise<Any>((resolve, reject) => {
      const headers = { ...authOf('alice'), 'content-type': 'multipart/form-data; boundary=x' }
      const sending = request(`${server.url}/api/v1/rooms.media/${rid}`, { method: 'POST', headers })
      sending.on('error', reject).on('response', answer => {
        buffer(answer).then(body => resolve({ status: answer.statusCode, body: JSON.parse(String(body)) }), reject)
      })
      sending.write('--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n')
      for (let count = 0; count < 13; count++) sending.write(randomBytes(1_000_000))
      sending.end('\r\n--x--\r\n')
    })
    expect(chunked).toMatchObject({ status: 400, body: { errorType: 'error-file-too-large' } })
    await eventually(blobs, names => names.length <= before)
    expect((await media()).status).toBe(200)
  })

  test('more than somebody may keep here', async () => {
    const dave = async (bytes: number) => {
      const room = (await (await as('dave')).call('createPrivateGroup', `dave ${made++}`, [])).rid
      return media({ bytes: randomBytes(bytes) }, 'dave', room)
    }
    for (let count = 0; count < 3; count++) expect((await dave(11_000_000)).status).toBe(200)
    expect((await dave(11_000_000)).body).toMatchObject({ errorType: 'error-file-quota-exceeded' })
  })

  test('names are no paths and end no header', async () => {
    for (const [given, name] of [
      ['../../etc/passwd', 'passwd'],
      ['C:\\Windows\\x.dll', 'x.dll'],
      ['..', 'file'],
      ['a\u202egnp.exe', 'agnp.exe'],
      ["ünï 's'; x=1, %22.txt", "ünï 's'; x=1, %22.txt"],
      [`${'n'.repeat(400)}.txt`, `${'n'.repeat(251)}.txt`],
      ['😀'.repeat(80), '😀'.repeat(80)],
    ] as const) {
      const message = await send({ name: given })
      expect(message.file.name).toBe(name)
      const { status, headers } = await fetched(linkOf(message))
      expect(status).toBe(200)
      const disposition = headers.get('content-disposition') as string
      expect(disposition).toMatch(/^attachment; filename="[^"\\;]*"; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]*$/)
      expect(decodeURIComponent(disposition.split("UTF-8''")[1] as string)).toBe(name)
    }
    // A line of its own in a part's headers (attack: another header in the answer).
    const body = `--x\r\ncontent-disposition: form-data; name="file"; filename="a%0d%0aset-cookie: x=1.txt"\r\n\r\nhi\r\n--x--\r\n`
    const headers = { ...authOf('alice'), 'content-type': 'multipart/form-data; boundary=x' }
    const answer = await fetch(`${server.url}/api/v1/rooms.media/${rid}`, { method: 'POST', headers, body })
    const { file } = (await answer.json()) as Any
    const read = await fetched(file.url, 'alice')
    expect([read.status, read.headers.get('set-cookie')]).toEqual([200, null])
  })

  test('what a browser could run is saved and nothing else, whatever it calls itself', async () => {
    for (const type of ['text/html', 'application/xhtml+xml', 'application/javascript', 'text/xml']) {
      const message = await send({ bytes: Buffer.from('<script>alert(1)</script>'), name: 'a.bin', type })
      const { headers } = await fetched(linkOf(message))
      expect(headers.get('content-type'), type).toBe('application/octet-stream')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('content-disposition')).toMatch(/^attachment/)
    }
    expect(await media({ name: 'x.svg', type: 'image/svg+xml' })).toMatchObject({
      status: 400,
      body: { errorType: 'error-invalid-file-type' },
    })
    // The name says it as well.
    expect((await media({ name: 'x.svg', type: 'application/octet-stream' })).status).toBe(400)
    expect((await send({ name: 'x', type: 'not a type' })).file.type).toBe('application/octet-stream')
    const link = linkOf(await send({ name: 'a.png', type: 'image/png' }))
    expect((await fetched(link)).headers.get('content-type')).toBe('image/png')
  })

  test('a message that names files of its own making owns none of them', async () => {
    const secret = await send({}, { msg: 'not yours' })
    const alice = await as('alice')
    const bob = await as('bob')
    const carol = await as('carol')
    const other = (await carol.call('createPrivateGroup', `carol ${made++}`, [])).rid
    const claim = { rid: other, msg: 'mine', file: secret.file, files: secret.files, attachments: secret.attachments }
    const sent = await carol.call('sendMessage', claim)
    expect(sent).not.toHaveProperty('file')
    expect((await fetched(linkOf(secret), 'carol')).status).toBe(403)
    await carol.call('deleteMessage', { _id: sent._id })
    expect((await fetched(linkOf(secret), 'bob')).status).toBe(200)
    expect((await carol.ask('sendFileMessage', other, null, { ...secret.file })).error.error).toBe('error-invalid-file')
    await Promise.all([alice, bob].map(client => client.call('loadHistory', rid)))
  })

  test('a file confirmed twice, at once or in another room, is one message', async () => {
    const bob = await as('bob')
    await bob.sub('stream-room-messages', rid)
    const { _id } = (await media()).body.file
    const other = await group()
    const answers = await Promise.all([
      confirm(_id, { msg: 'first' }),
      confirm(_id, { msg: 'second' }),
      confirm(_id, {}, 'alice', other),
      confirm(_id),
    ])
    const [one, two, elsewhere, three] = answers
    expect(elsewhere?.body).toMatchObject({ errorType: 'invalid-file' })
    expect([one, two, three].map(answer => answer?.status)).toEqual([200, 200, 200])
    expect(new Set([one, two, three].map(answer => JSON.stringify(answer?.body.message))).size).toBe(1)
    expect((await confirm(_id, { msg: 'later' })).body.message._id).toBe(one?.body.message._id)
    await bob.call('sendMessage', { rid, msg: 'the end' })
    await bob.event('room-messages', ([message]) => message.msg === 'the end')
    expect(bob.events('room-messages').filter(([message]) => message.file)).toHaveLength(1)
  })
})

describe('an encrypted room takes no plaintext (L3)', () => {
  let room: string
  beforeEach(async () => {
    room = await group({ encrypted: true })
  })
  const plainRefused = { status: 400, body: { errorType: 'error-not-allowed' } }

  test('no plain file, by any way', async () => {
    const before = (await blobs()).length
    expect(await media({}, 'alice', room)).toMatchObject(plainRefused)
    expect(await post(server.url, 'alice', `rooms.upload/${room}`)).toMatchObject(plainRefused)
    const fields = { t: 'e2e', content: JSON.stringify(ciphertext) }
    expect(await post(server.url, 'alice', `rooms.upload/${room}`, { fields })).toMatchObject(plainRefused)
    await eventually(blobs, names => names.length <= before)
  })

  test('a sealed file goes with a ciphertext alone, and nothing about it in clear', async () => {
    const { body } = await media(
      { ...sealed, name: 'Salaries 2026.xlsx', type: 'application/vnd.ms-excel' },
      'alice',
      room,
    )
    expect(body.file.url).not.toContain('Salaries')
    const { _id } = body.file
    for (const said of [
      {},
      { msg: 'plain' },
      { t: 'e2e' },
      { t: 'e2e', msg: 'plain' },
      { t: 'e2e', content: ciphertext, msg: 'and plain' },
      { t: 'e2e', content: ciphertext, alias: 'said in clear' },
      { t: 'e2e', content: { algorithm: 'rc.v2.aes-sha2', ciphertext: 'plain words' } },
      { t: 'e2e', content: ciphertext, customFields: { a: 'b' } },
    ])
      expect(await confirm(_id, said, 'alice', room), JSON.stringify(said)).toMatchObject({ status: 400 })
    const { body: done } = await confirm(_id, { t: 'e2e', content: ciphertext, description: 'in clear' }, 'alice', room)
    expect(done.message).toMatchObject({ t: 'e2e', content: ciphertext, msg: '' })
    expect(done.message.files).toMatchObject([{ _id, type: 'application/octet-stream' }])
    expect(done.message).not.toHaveProperty('attachments')
    const list = await api('bob', 'GET', `groups.files?roomId=${room}`)
    expect(list.body.files[0]).toMatchObject({ _id, content: ciphertext })
    for (const text of [JSON.stringify(done), JSON.stringify(list.body)])
      expect(text).not.toMatch(/Salaries|ms-excel|in clear/)
    const { headers } = await fetched(body.file.url)
    expect(headers.get('content-type')).toBe('application/octet-stream')
  })

  test('a file that was sent before the room was encrypted does not get in, beside a ciphertext neither', async () => {
    const alice = await as('alice')
    const { _id, url } = (await media()).body.file
    await alice.call('saveRoomSettings', rid, 'encrypted', true)
    expect(await confirm(_id)).toMatchObject(plainRefused)
    expect(await confirm(_id, { t: 'e2e', content: ciphertext })).toMatchObject(plainRefused)
    expect((await fetched(url, 'bob')).status).toBe(403)
  })

  test('nor in a race of the confirmation and the switch', async () => {
    const alice = await as('alice')
    for (let round = 0; round < 5; round++) {
      const place = await group()
      const { _id } = (await media({}, 'alice', place)).body.file
      const [confirmed] = await Promise.all([
        confirm(_id, { t: 'e2e', content: ciphertext }, 'alice', place),
        alice.call('saveRoomSettings', place, 'encrypted', true),
        confirm(_id, {}, 'alice', place),
      ])
      expect(confirmed.status).toBe(400)
      const { messages } = await alice.call('loadHistory', place)
      const switched = messages.findIndex(({ t }: Any) => t === 'room_e2e_enabled')
      // Newest first: whatever stands before the switch came after it.
      expect(messages.slice(0, Math.max(switched, 0)).filter(({ file }: Any) => file)).toEqual([])
    }
  })

  test.each([
    ['v1', 'alice', 'bob'],
    ['v2', 'carol', 'dave'],
  ] as [Generation, Name, Name][])(
    'clients of %s send each other files that only they can read',
    async (generation, one, other) => {
      const [sender, reader] = [await as(one), await as(other)]
      const [a, b] = [new E2eClient(sender, IDS[one], generation), new E2eClient(reader, IDS[other], generation)]
      const name = `sealed files ${made++}`
      const { rid: place } = await sender.call('createPrivateGroup', name, [other], false, {}, { encrypted: true })
      await a.setUp('words of one')
      await b.setUp('words of the other')
      await a.createRoomKey(place)
      await a.shareRoomKey(place)
      await b.openRoomKey(place)
      const file = { name: 'plan.png', type: 'image/png', bytes: randomBytes(2_500_000) }
      const confirmIt = async (path: string, body: object) => (await api(one, 'POST', path, body)).body.message
      const message = await sendEncryptedFile(server.url, one, a, place, file, confirmIt)
      const [seen] = (await reader.call('loadHistory', place)).messages
      expect(seen._id).toBe(message._id)
      const opened = await openEncryptedFile(server.url, other, b, seen)
      expect([opened.name, opened.type, sha256(opened.bytes)]).toEqual(['plan.png', 'image/png', sha256(file.bytes)])
      expect(JSON.stringify(seen)).not.toContain('plan')
      const content = await a.encrypt(place, 'edited')
      const edited = await api(one, 'POST', 'chat.update', { roomId: place, msgId: message._id, content })
      expect(edited.body.message).toMatchObject({ t: 'e2e', content, file: { _id: message.file._id } })
    },
  )
})

describe('what breaks off', () => {
  /** Sends the beginning of a form and then nothing. */
  async function begin(length: number, bytes: number) {
    const socket = connect(server.port, '127.0.0.1')
    // A server that is killed before it has read everything resets it.
    socket.on('error', () => {})
    await once(socket, 'connect')
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
    const headers = Object.entries({ ...authOf('alice'), 'content-type': 'multipart/form-data; boundary=x' })
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(
      `POST /api/v1/rooms.media/${rid} HTTP/1.1\r\nhost: x\r\n${lines}content-length: ${length}\r\n\r\n${head}`,
    )
    socket.write(randomBytes(bytes))
    return socket
  }

  test('an upload that is cut leaves nothing, and its place is free again', async () => {
    const before = (await blobs()).length
    for (let count = 0; count < 6; count++) {
      const socket = await begin(9_000_000, 2_500_000)
      await eventually(blobs, names => names.length > before)
      socket.destroy()
      await eventually(blobs, names => names.length <= before)
    }
    expect((await media()).status).toBe(200)
  })

  test('uploads at once are so many for each user, and the others are told to wait', async () => {
    const sockets: Awaited<ReturnType<typeof begin>>[] = []
    // Those that come while another runs may be refused in its place.
    const refused = async () => {
      sockets.push(await begin(1_000_000, 100_000))
      return media()
    }
    await eventually(refused, ({ status }) => status === 429)
    for (const socket of sockets) socket.destroy()
    await eventually(
      () => media(),
      ({ status }) => status === 200,
    )
  })

  test('the server killed in the middle keeps what was answered, and nobody reads the rest', async () => {
    const first = await start()
    const kept = [server, rid] as const
    try {
      server = first
      rid = await group()
      const message = await send({ bytes: Buffer.from('kept') })
      const { url } = (await media({ bytes: Buffer.from('waits') })).body.file
      const before = new Set(await blobs())
      const socket = await begin(9_000_000, 3_000_000)
      const held = await eventually(blobs, names => names.length > before.size)
      const unfinished = held.find(name => !before.has(name))?.split('-')[0]
      await first.kill()
      socket.destroy()
      for (const client of clients.splice(0)) client.close()
      server = await startServer({ data: first.data })
      expect((await fetched(linkOf(message))).bytes.toString()).toBe('kept')
      expect((await fetched(url, 'alice')).bytes.toString()).toBe('waits')
      expect((await fetched(`/file-upload/${unfinished}/a`, 'alice')).status).toBe(403)
      await server.stop()
    } finally {
      ;[server, rid] = kept
      await first.remove()
    }
  })
})
