// 5.9: files.
import { api, general, server } from '../cases/tools.ts'
import type { Name } from '../start.ts'
import { content, type Derived, group, having, headersOf, is, sealed, sha, web } from './tools.ts'

async function media(
  who: Name,
  rid: string,
  {
    name = sha('a.txt'),
    type = 'text/plain',
    bytes = Buffer.alloc(64, 3),
    sealed,
  }: { name?: string; type?: string; bytes?: Buffer; sealed?: unknown } = {},
) {
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(bytes)], { type }), name)
  if (sealed !== undefined) form.set('content', typeof sealed === 'string' ? sealed : JSON.stringify(sealed))
  return web(`/api/v1/rooms.media/${rid}`, { method: 'POST', headers: headersOf(who), body: form })
}
const confirm = (who: Name, rid: string, file: string, more: object = {}) =>
  api(who, 'POST', `rooms.mediaConfirm/${rid}/${file}`, { msg: '', t: 'e2e', content: content(), ...more })

export const FILES: Derived[] = [
  [
    '5.9',
    'upload: {file:{_id,url}}',
    async () => {
      const got = await media('alice', await sealed(), { sealed: content() })
      is(got).toMatchObject({
        status: 200,
        body: { success: true, file: { _id: is.any(String), url: is.stringContaining('/file-upload/') } },
      })
    },
  ],
  [
    '5.9',
    'confirmed: the message with files',
    async () => {
      const rid = await sealed()
      const { body } = await media('alice', rid, { sealed: content() })
      const got = await confirm('alice', rid, body.file._id)
      is(got).toMatchObject({
        status: 200,
        body: {
          success: true,
          message: {
            rid,
            t: 'e2e',
            content: content(),
            files: [{ _id: body.file._id, name: sha('a.txt'), type: 'application/octet-stream', size: 64 }],
          },
        },
      })
    },
  ],
  [
    '5.9',
    'downloaded by query',
    async () => {
      const rid = await sealed()
      const { body } = await media('alice', rid, { sealed: content() })
      await confirm('alice', rid, body.file._id)
      const h = headersOf('bob')
      const path = new URL(body.file.url, server.url).pathname
      is((await web(`${path}?rc_uid=${h['x-user-id']}&rc_token=${h['x-auth-token']}`)).status).toBe(200)
    },
  ],
  [
    '5.9',
    'downloaded by cookies',
    async () => {
      const rid = await sealed()
      const { body } = await media('alice', rid, { sealed: content() })
      await confirm('alice', rid, body.file._id)
      const h = headersOf('bob')
      const path = new URL(body.file.url, server.url).pathname
      is(
        (await web(path, { headers: { cookie: `rc_uid=${h['x-user-id']}; rc_token=${h['x-auth-token']}` } })).status,
      ).toBe(200)
    },
  ],
  [
    '5.9',
    'not by strangers',
    async () => {
      const rid = await sealed()
      const { body } = await media('alice', rid, { sealed: content() })
      await confirm('alice', rid, body.file._id)
      const h = headersOf('mallory')
      const path = new URL(body.file.url, server.url).pathname
      is((await web(`${path}?rc_uid=${h['x-user-id']}&rc_token=${h['x-auth-token']}`)).status).toBe(403)
      is((await web(path)).status).toBe(403)
    },
  ],
  [
    '5.9',
    'no file: invalid-field',
    async () => {
      const form = new FormData()
      form.set('x', 'y')
      const got = await web(`/api/v1/rooms.media/${await sealed()}`, {
        method: 'POST',
        headers: headersOf('alice'),
        body: form,
      })
      is(got.status).toBe(400)
      is(got.body).toMatchObject({ success: false })
    },
  ],
  [
    '5.9',
    'a file in another field: invalid-field',
    async () => {
      const form = new FormData()
      form.set('other', new Blob(['abc']), 'a')
      const got = await web(`/api/v1/rooms.media/${await group('alice')}`, {
        method: 'POST',
        headers: headersOf('alice'),
        body: form,
      })
      is(got).toMatchObject({ status: 400, body: { success: false, errorType: 'invalid-field' } })
    },
  ],
  [
    '5.9',
    'content that is no JSON: invalid-field-content',
    async () =>
      is(await media('alice', await sealed(), { sealed: '{no' })).toMatchObject({
        status: 400,
        body: { success: false, errorType: 'invalid-field-content' },
      }),
  ],
  [
    '5.9',
    'too large',
    () =>
      having('FileUpload_MaxFileSize', 10, async () =>
        is(await media('alice', await group('alice'))).toMatchObject({
          status: 400,
          body: { success: false, errorType: 'error-file-too-large' },
        }),
      ),
  ],
  [
    '5.9',
    'encrypted files off',
    () =>
      having('E2E_Enable_Encrypt_Files', false, async () =>
        is(await media('alice', await sealed(), { sealed: content() })).toMatchObject({
          status: 400,
          body: { success: false, errorType: 'error-invalid-file-type' },
        }),
      ),
  ],
  [
    '5.9',
    'a stranger uploads nothing',
    async () => is((await media('mallory', await sealed(), { sealed: content() })).status).toBeOneOf([400, 403]),
  ],
  [
    '5.9',
    'not logged in',
    async () => is((await web(`/api/v1/rooms.media/${general}`, { method: 'POST' })).status).toBe(401),
  ],
  ['5.9', 'confirm an unknown file', async () => is((await confirm('alice', await sealed(), 'none')).status).toBe(400)],
  [
    '5.9',
    "confirm another's file",
    async () => {
      const rid = await sealed()
      const { body } = await media('alice', rid, { sealed: content() })
      is((await confirm('bob', rid, body.file._id)).status).toBe(400)
    },
  ],
  [
    '5.9',
    'a plain file in a plain room',
    async () => {
      const rid = await group('alice')
      const { body } = await media('alice', rid, { name: 'a.txt' })
      is(
        await api('alice', 'POST', `rooms.mediaConfirm/${rid}/${body.file._id}`, { msg: 'see', description: 'about' }),
      ).toMatchObject({
        status: 200,
        body: {
          message: {
            rid,
            msg: 'see',
            file: { _id: body.file._id, name: 'a.txt' },
            attachments: [{ title: 'a.txt', type: 'file', description: 'about' }],
          },
        },
      })
    },
  ],
]
