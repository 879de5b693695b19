// `saveRoomSettings`: [rid, one setting, its value], or [rid, an object of settings].
import { z } from 'zod'
import { invalidRoom, MeteorError, matchFailed } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { NO_ROOM_SETTINGS, ROOM_SETTINGS, saveSettings } from '../rooms/room-settings.ts'

const NAME = 'saveRoomSettings'
const shape = z.object(ROOM_SETTINGS)

export const saveRoomSettings = method({
  name: NAME,
  params: list(id, z.union([id, z.record(z.string(), z.unknown())]), z.unknown().optional()),
  async run(call, [rid, asked, value]) {
    const settings = typeof asked === 'string' ? { [asked]: value } : asked
    for (const name of Object.keys(settings)) {
      if (Object.hasOwn(ROOM_SETTINGS, name)) continue
      const known = NO_ROOM_SETTINGS.has(name)
      return known
        ? new MeteorError('error-action-not-allowed', `Rooms have no ${name} here`, { method: NAME })
        : new MeteorError('error-invalid-settings', 'Invalid settings provided', { method: NAME })
    }
    const read = shape.safeParse(settings)
    if (!read.success) return matchFailed
    const found = await governed(call.gate, call.caller, rid)
    if (!found) return invalidRoom(NAME)
    const saved = await saveSettings(call, found, read.data, NAME)
    return saved instanceof MeteorError ? saved : { result: true, rid }
  },
})
