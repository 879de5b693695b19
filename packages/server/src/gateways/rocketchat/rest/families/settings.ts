// `*.setTopic`, `*.setReadOnly`, `*.rename`, …: one setting of the room, through the same door as `saveRoomSettings`.
import { z } from 'zod'
import type { RoomState } from '../../../../room/state.ts'
import { MeteorError, matchFailed } from '../../errors.ts'
import type { Found } from '../../names.ts'
import { fullNameOf, slugOf, typeOf } from '../../names.ts'
import { ROOM_SETTINGS, type RoomSettings, saveSettings } from '../../rooms/room-settings.ts'
import { failure, type RestCall, type Route } from '../../route.ts'
import { shown, WORD } from './answer.ts'
import { type Family, familyRoutes } from './family.ts'

const families = ['channels', 'groups'] as const
const METHOD = 'saveRoomSettings'
const shape = z.object(ROOM_SETTINGS)
type Body = Readonly<Record<string, unknown>>

interface Setting {
  readonly families?: readonly Family[]
  /** The parameter of the route, and the setting that it is. */
  readonly param: string
  readonly setting: keyof RoomSettings
  /** Whether the parameter is there at all. */
  given(value: unknown): boolean
  readonly absent: string
  /** A value that changes nothing is refused, with these words; `of`: what the room has now. */
  readonly same?: { readonly families: readonly Family[]; readonly what: string; of(room: RoomState): unknown }
  /** What the setting becomes; the value itself where this is absent. */
  read?(value: unknown): unknown
  /** The value alone comes back, not the room. */
  readonly answersValue?: true
}

const isNamed = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
const isThere = (value: unknown): boolean => value !== undefined
const textOf = (value: unknown): unknown => value || ''

function text(param: string, setting: keyof RoomSettings, what: string, of?: (room: RoomState) => string): Setting {
  return {
    param,
    setting,
    given: isThere,
    absent: `The bodyParam "${param}" is required`,
    ...(of ? { same: { families: ['channels'], what, of } } : {}),
    read: textOf,
    answersValue: true,
  }
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  setTopic: text('topic', 'roomTopic', 'topic', ({ topic }) => topic),
  setDescription: text('description', 'roomDescription', 'description', ({ config }) => config.description),
  setPurpose: text('purpose', 'roomDescription', 'purpose (description)', ({ config }) => config.description),
  setAnnouncement: text('announcement', 'roomAnnouncement', 'announcement'),
  setReadOnly: {
    param: 'readOnly',
    setting: 'readOnly',
    given: isThere,
    absent: 'The bodyParam "readOnly" is required',
    same: { families, what: 'read only setting', of: ({ config }) => config.readOnly },
  },
  setType: {
    param: 'type',
    setting: 'roomType',
    given: isNamed,
    absent: 'The bodyParam "type" is required',
    same: { families, what: 'type', of: typeOf },
  },
  setCustomFields: {
    param: 'customFields',
    setting: 'roomCustomFields',
    given: value => typeof value === 'object' && value !== null,
    absent: 'The bodyParam "customFields" is required with a type like object.',
  },
  rename: {
    param: 'name',
    setting: 'roomName',
    given: isNamed,
    absent: 'The bodyParam "name" is required',
  },
  setDefault: {
    families: ['channels'],
    param: 'default',
    setting: 'default',
    given: isThere,
    absent: 'The bodyParam "default" is required',
    same: { families: ['channels'], what: 'default setting', of: ({ isDefault }) => isDefault },
    read: value => ['true', '1'].includes(String(value).toLowerCase()),
  },
  setJoinCode: {
    families: ['channels'],
    param: 'joinCode',
    setting: 'joinCode',
    given: isNamed,
    absent: 'The bodyParam "joinCode" is required',
  },
  setEncrypted: {
    families: ['groups'],
    param: 'encrypted',
    setting: 'encrypted',
    given: value => typeof value === 'boolean',
    absent: 'The bodyParam "encrypted" is required',
  },
}

export const settings: Route[] = Object.entries(SETTINGS).flatMap(([name, setting]) =>
  familyRoutes({
    families: setting.families ?? families,
    verb: 'POST',
    name,
    input: z.looseObject({}),
    active: true,
    office: true,
    run: (call, body, found, family) => set(call, setting, body, found, family),
  }),
)

async function set(
  call: RestCall,
  setting: Setting,
  body: Body,
  found: Found,
  family: Family,
): Promise<object | MeteorError> {
  const given = body[setting.param]
  if (!setting.given(given)) return failure(setting.absent)
  const value = setting.read ? setting.read(given) : given
  const { same } = setting
  if (same?.families.includes(family) && same.of(found.room) === value)
    return failure(`The ${WORD[family]} ${same.what} is the same as what it would be changed to.`)
  if (setting.param === 'name' && family === 'channels' && slugOf(fullNameOf(found.room)) === value)
    return failure('The channel name is the same as what it would be renamed to.')
  const asked = shape.safeParse({ [setting.setting]: value })
  if (!asked.success) return matchFailed
  const saved = await saveSettings(call, found, asked.data, METHOD)
  if (saved instanceof MeteorError) return saved
  return setting.answersValue ? { [setting.param]: value } : shown(call, saved, family)
}
