// The recorded cases about files.
import { expect } from 'vitest'
import { post } from '../files.ts'
import { api, as, type Cases, sealedRoom, server } from './tools.ts'

const content = JSON.stringify({
  algorithm: 'rc.v2.aes-sha2',
  kid: 'k',
  iv: 'A'.repeat(16),
  ciphertext: 'A'.repeat(64),
})

/** While a setting is another. */
async function setTo(id: string, value: unknown, run: () => Promise<void>): Promise<void> {
  const before = (await api('ada', 'GET', `settings/${id}`)).body.value
  expect((await api('ada', 'POST', `settings/${id}`, { value })).status).toBe(200)
  try {
    await run()
  } finally {
    await api('ada', 'POST', `settings/${id}`, { value: before })
  }
}

const upload = async (type = 'image/png') => {
  const rid = await sealedRoom(await as('alice'))
  return post(server.url, 'alice', `rooms.media/${rid}`, { name: 'a'.repeat(64), type, fields: { content } })
}
const refused = { status: 400, type: 'application/json', body: { success: false, errorType: 'error-invalid-file-type' } }

export const FILES: Cases = {
  'RC-180': async () => {
    const { status, body } = await upload()
    expect(status).toBe(200)
    const { _id } = body.file
    expect(body.file).toEqual({ _id: expect.any(String), url: `/file-upload/${_id}/${'a'.repeat(64)}` })
    const read = await fetch(`${server.url}${body.file.url}?rc_uid=1001&rc_token=token-of-alice`)
    expect([read.status, read.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
  },
  'RC-182': () =>
    setTo('E2E_Enable_Encrypt_Files', false, async () => {
      expect(await upload()).toMatchObject(refused)
    }),
  'RC-183': () =>
    setTo('FileUpload_MediaTypeBlackList', 'application/octet-stream', async () => {
      expect(await upload()).toMatchObject(refused)
    }),
}
