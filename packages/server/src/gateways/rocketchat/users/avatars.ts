// Pictures of users: one small image each, kept whole beside the account, and served to everybody who may use the wire.
// What is sent is what was uploaded: nothing here decodes images, so only forms that browsers show and never run are taken.
import { createHash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { isRefused } from '../../../identity/rejection.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { AVATAR_BYTES } from '../limits.ts'
import { tellLogged } from '../live/tell.ts'
import type { Person } from './people.ts'

const KIND = 'rocketchat.avatar'

export interface Avatar {
  readonly etag: string
  readonly type: string
  readonly bytes: Buffer
}

/** By what the bytes say, not by what the client does. */
const FORMS: readonly (readonly [string, (bytes: Buffer) => boolean])[] = [
  ['image/png', bytes => bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))],
  ['image/jpeg', bytes => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))],
  ['image/gif', bytes => ['GIF87a', 'GIF89a'].includes(bytes.subarray(0, 6).toString('latin1'))],
  [
    'image/webp',
    bytes => bytes.subarray(0, 4).toString('latin1') === 'RIFF' && bytes.subarray(8, 12).toString('latin1') === 'WEBP',
  ],
]

export function imageTypeOf(bytes: Buffer): string | undefined {
  return FORMS.find(([, fits]) => fits(bytes))?.[0]
}

export async function setAvatar(gate: Gate, { account }: Person, bytes: Buffer): Promise<MeteorError | null> {
  const type = imageTypeOf(bytes)
  if (!type) return new MeteorError('error-invalid-file-type', 'Invalid image', { method: 'setUserAvatar' })
  if (bytes.length > AVATAR_BYTES)
    return new MeteorError('error-file-too-large', `File exceeds the allowed size of ${AVATAR_BYTES} bytes`)
  const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  const body = JSON.stringify({ etag, type, bytes: bytes.toString('base64') })
  const document = { kind: KIND, key: account.id, owner: account.id, body, dueAt: null }
  return put(gate, account.id, etag, [{ put: 'document', document }])
}

export function resetAvatar(gate: Gate, { account }: Person): Promise<MeteorError | null> {
  return put(gate, account.id, null, [{ drop: 'document', kind: KIND, key: account.id }])
}

async function put(
  gate: Gate,
  user: UserId,
  avatarETag: string | null,
  rows: Parameters<Gate['people']['change']>[1]['rows'] & object,
): Promise<MeteorError | null> {
  const changed = await gate.people.change(user, { profile: { avatarETag }, rows })
  if (isRefused(changed)) return new MeteorError('error-invalid-user', 'Invalid user', { method: 'setUserAvatar' })
  tellLogged(gate.parts, 'updateAvatar', { username: changed.account.username, etag: avatarETag })
  return null
}

export async function avatarOf({ parts }: Gate, user: UserId): Promise<Avatar | undefined> {
  const document = await parts.reading.document(KIND, user)
  if (!document) return undefined
  const { etag, type, bytes } = JSON.parse(document.body) as { etag: string; type: string; bytes: string }
  return { etag, type, bytes: Buffer.from(bytes, 'base64') }
}

const COLOURS = [
  '#f44336',
  '#e91e63',
  '#9c27b0',
  '#673ab7',
  '#3f51b5',
  '#2196f3',
  '#00796b',
  '#558b2f',
  '#ef6c00',
  '#795548',
]

/** Who has no picture is shown by the first letter of their name. */
export function letterAvatar(name: string): Avatar {
  const letter = (/[\p{L}\p{N}]/u.exec(name)?.[0] ?? '?').toUpperCase()
  const digest = createHash('sha256').update(name, 'utf8').digest()
  const colour = COLOURS[(digest[0] as number) % COLOURS.length] as string
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">',
    `<rect width="100%" height="100%" fill="${colour}"/>`,
    '<text x="50%" y="50%" dy="0.36em" text-anchor="middle" fill="#ffffff" font-family="Helvetica, Arial, sans-serif" font-size="125">',
    `${letter}</text></svg>`,
  ].join('')
  return { etag: digest.toString('base64url').slice(0, 22), type: 'image/svg+xml', bytes: Buffer.from(text, 'utf8') }
}
