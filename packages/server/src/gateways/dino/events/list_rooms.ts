// `list_rooms`: the rooms of a channel that the user may list, with how many are inside.
import type { Sanction } from '../../../room/events.ts'
import { isOperator } from '../../../room/facts.ts'
import { sanctionOn } from '../../../room/state.ts'
import { provideAdminRoom } from '../admin-rooms.ts'
import { bySort } from '../directory.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, rejectionAnswer, stamp } from '../gate.ts'
import { roomName } from '../names.ts'
import { rolesIn } from '../people.ts'
import { channelOf } from '../rooms.ts'
import { shownAcls } from './list_channels.ts'
import { banned } from './login.ts'

export async function listRooms(asked: Asked): Promise<Answer | 'answered'> {
  const { gate, account, activity } = asked
  const { reading, occupancy, clock } = gate.parts
  const url = activity.object?.url
  if (url === undefined) return refused(refusal(CODE.MISSING_OBJECT_URL, 'need channel ID to list rooms'))
  const ban = sanctionOn(account.sanctions, account.id, 'ban', clock.now())
  if (ban) return turnAway(asked, ban)
  const channel = await channelOf(gate.parts, url)
  if (!channel) return refused(refusal(CODE.NO_SUCH_CHANNEL, 'no such channel'))
  const barred = reading.mayListChannel(account, channel)
  if (barred) return rejectionAnswer(gate, barred, undefined, channel)
  if (isOperator(account)) await provideAdminRoom(gate)
  const rooms = (await reading.roomsIn(channel.id)).filter(room => reading.mayList(account, room, channel)).sort(bySort)
  const counts = await occupancy.counts(rooms.map(room => room.id))
  const attachments = rooms.map(room => ({
    id: idOf(room.id),
    displayName: roomName(room),
    url: room.sort,
    summary: counts.get(room.id) ?? 0,
    objectType: room.kind === 'temporary' ? 'temporary' : 'static',
    content: rolesIn(room, account),
    attachments: shownAcls(room.acls),
  }))
  const object = { url: idOf(channel.id), objectType: 'rooms', attachments }
  return { data: { object, verb: 'list', ...stamp(gate), provider: PROVIDER } }
}

/** A ban from the server ends every session; one that it has not reached yet hears of it here (dino.md section 4). */
function turnAway(asked: Asked, ban: Sanction): 'answered' {
  const { gate, session, account } = asked
  asked.answer(refused(banned(gate, session, account.id, ban)))
  session.end()
  return 'answered'
}
