// Settings of a room under the names that clients save them by (`saveRoomSettings`): all that one request names in one
// command, so that a refused part leaves the rest as it was too.
import { z } from 'zod'
import type { OpenOrHidden, RoomChanges, RoomConfig } from '../../../room/events.ts'
import { MeteorError } from '../errors.ts'
import { checkSwitch, refusedSwitch, switchEncryption } from '../keys/encryption.ts'
import { ID_TEXT, JOIN_CODE } from '../limits.ts'
import type { Call } from '../method.ts'
import { type Found, type RoomType, typeOf } from '../names.ts'
import { customFields } from '../params.ts'
import { sealCode } from './join-code.ts'
import { type Acted, act, may } from './room-acts.ts'

const text = z.string().nullish()

/** Each thing once. */
export const SIDEPANEL = z.object({
  items: z
    .array(z.enum(['channels', 'discussions']))
    .max(2)
    .refine(items => new Set(items).size === items.length),
})

export const ROOM_SETTINGS = {
  roomName: z.string().trim().min(1).nullish(),
  roomTopic: text,
  roomAnnouncement: text,
  roomDescription: text,
  roomCustomFields: customFields.optional(),
  roomType: z.enum(['c', 'p']).optional(),
  readOnly: z.boolean().optional(),
  reactWhenReadOnly: z.boolean().optional(),
  systemMessages: z.array(z.string().max(ID_TEXT)).optional(),
  default: z.boolean().optional(),
  featured: z.boolean().optional(),
  favorite: z.object({ favorite: z.boolean(), defaultValue: z.boolean() }).optional(),
  joinCode: z.string().max(JOIN_CODE).optional(),
  encrypted: z.boolean().optional(),
  sidepanel: SIDEPANEL.nullish(),
} as const
export type RoomSettings = z.output<ReturnType<typeof z.object<typeof ROOM_SETTINGS>>>

/** Known by name to clients, and nothing that a room here has: rooms forget nothing by age, and have no picture, no
 * stream. */
export const NO_ROOM_SETTINGS: ReadonlySet<string> = new Set([
  'roomAvatar',
  'streamingOptions',
  'retentionEnabled',
  'retentionMaxAge',
  'retentionExcludePinned',
  'retentionFilesOnly',
  'retentionIgnoreThreads',
  'retentionOverrideGlobal',
])

export const KINDS: Readonly<Record<'c' | 'p', OpenOrHidden>> = { c: 'public', p: 'private' }

export async function saveSettings(call: Call, found: Found, asked: RoomSettings, method: string): Promise<Acted> {
  const { room } = found
  const refused = (reason: string, action = 'Editing_room'): MeteorError =>
    new MeteorError('error-action-not-allowed', reason, { method, action })
  const { encrypted, ...others } = asked
  const type = typeOf(room)
  const edits = may(call, 'edit-room', room)
  const denied = refused('Editing room is not allowed')
  // The people of a direct room may switch its encryption, and nothing else.
  if (!edits && !(type === 'd' && encrypted !== undefined)) return denied
  if (!edits && Object.values(others).some(value => value !== undefined)) return denied
  if (room.config.broadcast && (asked.readOnly || asked.reactWhenReadOnly))
    return refused('Editing readOnly/reactWhenReadOnly are not allowed for broadcast rooms')
  const unfit =
    checkMore(call, type, asked, refused) ?? (encrypted === undefined ? null : checkSwitch(call, found, encrypted))
  if (unfit) return unfit
  if (encrypted && asked.roomType === 'c') return refusedSwitch()
  const changes = await changesOf(call, asked)
  const { roomName: name } = asked
  let now: Acted = room
  if (name || Object.keys(changes).length > 0) {
    const command = { command: 'configure-room', actor: call.caller.account.id, changes } as const
    now = await act(call, room, name ? { ...command, name } : command, method, {
      'role.required': denied,
      'member.required': denied,
    })
  }
  if (now instanceof MeteorError || encrypted === undefined) return now
  return switchEncryption(call, { ...found, room: now }, encrypted)
}

/** What single settings demand beyond the right to edit the room. */
function checkMore(
  call: Call,
  type: RoomType,
  { default: isDefault, featured, roomType }: RoomSettings,
  refused: (reason: string, action: string) => MeteorError,
): MeteorError | null {
  if ((isDefault !== undefined || featured !== undefined) && !may(call, 'view-room-administration'))
    return refused('Viewing room administration is not allowed', 'Viewing_room_administration')
  if (roomType === undefined || roomType === type) return null
  if (roomType === 'c' && !may(call, 'create-c'))
    return refused('Changing a private group to a public channel is not allowed', 'Change_Room_Type')
  if (roomType === 'p' && !may(call, 'create-p'))
    return refused('Changing a public channel to a private room is not allowed', 'Change_Room_Type')
  return null
}

async function changesOf(call: Call, asked: RoomSettings): Promise<RoomChanges> {
  const { joinCode, favorite, roomType } = asked
  const config: { -readonly [K in keyof RoomConfig]?: RoomConfig[K] | undefined } = {
    announcement: asked.roomAnnouncement ?? undefined,
    description: asked.roomDescription ?? undefined,
    customFields: asked.roomCustomFields,
    readOnly: asked.readOnly,
    reactWhenReadOnly: asked.reactWhenReadOnly,
    hiddenMessages: asked.systemMessages,
    featured: asked.featured,
    sidepanel: asked.sidepanel?.items,
    // A favourite of those who come in by default: of other rooms it says nothing.
    favorite: favorite?.favorite && favorite.defaultValue,
  }
  if (joinCode !== undefined) config.joinCode = joinCode === '' ? null : await sealCode(call, joinCode)
  const changes = {
    ...config,
    topic: asked.roomTopic ?? undefined,
    isDefault: asked.default,
    kind: roomType && KINDS[roomType],
  }
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}
