// `push.token`: where a phone of the caller's can be reached. Kept for whoever pushes for this server; it pushes nothing
// itself. A phone is one user's at a time: whoever logs in on it takes it over.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { PUSH_TOKENS } from '../limits.ts'
import { Envelope, route } from '../route.ts'

const KIND = 'rocketchat.push-token'
const text = z.string().max(4_096).optional()

const missing = (what: string): MeteorError =>
  new MeteorError(`error-${what}-param-not-valid`, `The required "${what}" body param is missing or invalid.`)

function keyOf(value: string): string {
  return createHash('sha256').update(value, 'utf8').digest('base64url')
}

export const pushTokenAdd = route({
  verb: 'POST',
  paths: ['/v1/push.token'],
  input: z.looseObject({ id: text, type: text, value: text, appName: text }),
  async run({ gate, caller }, { type, value, appName }) {
    const { reading, write, clock } = gate.parts
    if (type !== 'apn' && type !== 'gcm') return missing('type')
    if (!value) return missing('token')
    if (!appName) return missing('appName')
    const owner = caller.account.id
    const _id = keyOf(value)
    const token = { [type]: value }
    const createdAt = clock.now()
    const held = await reading.documents(KIND, { owner, limit: PUSH_TOKENS * 2 })
    const at = ({ body }: { body: string }): number => (JSON.parse(body) as { createdAt: number }).createdAt
    const oldest = held
      .filter(({ key }) => key !== _id)
      .sort((a, b) => at(b) - at(a))
      .slice(PUSH_TOKENS - 1)
    const body = JSON.stringify({ token, appName, createdAt })
    const rows = [
      ...oldest.map(({ key }) => ({ drop: 'document', kind: KIND, key }) as const),
      { put: 'document', document: { kind: KIND, key: _id, owner, body, dueAt: null } } as const,
    ]
    await write({ guards: [], append: null, rows })
    const times = { createdAt: new Date(createdAt), _updatedAt: new Date(createdAt) }
    return { result: { _id, token, appName, userId: owner, enabled: true, ...times } }
  },
})

export const pushTokenRemove = route({
  verb: 'DELETE',
  paths: ['/v1/push.token'],
  input: z.looseObject({ token: text }),
  async run({ gate, caller }, { token }) {
    if (!token) return missing('token')
    const key = keyOf(token)
    const document = await gate.parts.reading.document(KIND, key)
    if (document?.owner !== caller.account.id) return new Envelope(404, { success: false, error: 'Resource not found' })
    const guards = [{ of: 'document', id: `${KIND}/${key}`, version: document.version } as const]
    await gate.parts.write({ guards, append: null, rows: [{ drop: 'document', kind: KIND, key }] })
    return {}
  },
})
