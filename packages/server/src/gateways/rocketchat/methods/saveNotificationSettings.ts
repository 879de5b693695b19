// `saveNotificationSettings`, `saveAudioNotificationValue`: what the user wants to hear of a room.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'
import { keep, ownMembership } from '../rooms/membership-acts.ts'
import { notificationFields } from '../rooms/notification-settings.ts'

const NAME = 'saveNotificationSettings'
const text = z.string()

export const saveNotificationSettings = method({
  name: NAME,
  params: list(id, text, text),
  run: (call, [rid, field, value]) => save(call, rid, field, value, NAME),
})

export const saveAudioNotificationValue = method({
  name: 'saveAudioNotificationValue',
  params: list(id, text),
  run: (call, [rid, value]) => save(call, rid, 'audioNotificationValue', value, 'saveAudioNotificationValue'),
})

async function save(
  { gate, caller }: Call,
  rid: string,
  field: string,
  value: string,
  name: string,
): Promise<true | MeteorError> {
  const fields = notificationFields(field, value, name)
  if (fields instanceof MeteorError) return fields
  const own = await ownMembership(gate, caller, rid)
  if (!own) return new MeteorError('error-invalid-subscription', 'Invalid subscription', { method: name })
  await keep(gate, own, { fields })
  return true
}
