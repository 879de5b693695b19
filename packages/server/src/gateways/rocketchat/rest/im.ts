// `im.*` (also `dm.*`): direct rooms.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { countShown, historyOf } from '../messages/history.ts'
import { ridOf, roomOf, typeOf } from '../names.ts'
import { directRoom } from '../rooms/direct.ts'
import { memberDocument, membersOf } from '../rooms/members.ts'
import { erase } from '../rooms/room-acts.ts'
import { peopleOf, roomDocuments } from '../rooms/room-document.ts'
import { saveSettings } from '../rooms/room-settings.ts'
import { governedRooms } from '../rooms/rooms-list.ts'
import { type Route, route, unauthorized } from '../route.ts'
import { submit } from '../submit.ts'
import { directNamed } from './direct-named.ts'
import { pathsOf } from './families/family.ts'
import { MEMBERS_ASKED } from './families/members.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

const excludeSelf = z.boolean().optional()
const names = z
  .string()
  .min(1)
  .max(ID_TEXT * 100)

const create = route({
  verb: 'POST',
  paths: pathsOf('im', 'create'),
  input: z.union([z.strictObject({ username: names, excludeSelf }), z.strictObject({ usernames: names, excludeSelf })]),
  async run(call, input) {
    const usernames = 'username' in input ? [input.username] : input.usernames.split(',').map(name => name.trim())
    const made = await directRoom(call, usernames, input.excludeSelf)
    if (made instanceof MeteorError) return made
    const { room } = made
    const rid = ridOf(room)
    const { usernames: people } = await peopleOf(call.gate.parts, room.direct ?? [])
    // Whether it was there before is nobody's business who is not in it.
    const inserted = room.members.has(call.caller.account.id) ? { inserted: made.inserted } : {}
    return { room: { t: 'd', rid, _id: rid, usernames: people, ...inserted } }
  },
})

/** As `blockUser` and `unblockUser`, of the other one in the room (rocketchat.md section 8). */
const blockUser = route({
  verb: 'POST',
  paths: pathsOf('im', 'blockUser'),
  input: z.looseObject({ roomId: z.string().min(1).max(ID_TEXT), block: z.boolean() }),
  async run(call, { roomId, block }) {
    const found = await directNamed(call, { roomId })
    if (found instanceof MeteorError) return found
    const actor = call.caller.account.id
    const user = [...found.room.members.keys()].find(member => member !== actor) ?? actor
    const done = await submit(call, found.room.id, { command: 'block-direct', actor, user, on: block })
    return isRejection(done) ? errorOf(done, 'blockUser') : {}
  },
})

const remove = route({
  verb: 'POST',
  paths: pathsOf('im', 'delete'),
  input: z.looseObject({}),
  async run(call, input) {
    const found = await directNamed(call, input)
    if (found instanceof MeteorError) return found
    const erased = await erase(call, found, 'eraseRoom')
    return erased instanceof MeteorError ? erased : {}
  },
})

const list = route({
  verb: 'GET',
  paths: pathsOf('im', 'list'),
  input: z.looseObject(PAGED),
  async run({ gate, caller }, input) {
    const rooms = (await gate.parts.reading.roomsOf(caller.account.id)).filter(room => typeOf(room) === 'd')
    const { offset, count } = pageOf(gate, input)
    const ims = await roomDocuments(gate.parts, caller.account, rooms.slice(offset, offset + count))
    return { ims, count: ims.length, offset, total: rooms.length }
  },
})

/** Which there are and whose; what is said in them only as far as the caller is in them (L10). */
const listEveryone = route({
  verb: 'GET',
  paths: pathsOf('im', 'list.everyone'),
  input: z.looseObject(PAGED),
  permission: 'view-room-administration',
  async run({ gate, caller }, input) {
    const { parts } = gate
    const all = (await governedRooms(gate, caller)).filter(room => typeOf(room) === 'd')
    const { offset, count } = pageOf(gate, input)
    const ims = await roomDocuments(parts, caller.account, all.slice(offset, offset + count))
    return { ims, count: ims.length, offset, total: all.length }
  },
})

const members = route({
  verb: 'GET',
  paths: pathsOf('im', 'members'),
  input: z.looseObject({ ...MEMBERS_ASKED, roomId: z.unknown().optional(), username: z.unknown().optional() }),
  async run(call, input) {
    const found = await directNamed(call, input)
    if (found instanceof MeteorError) return found
    const listed = await membersOf(call.gate, found.room, { status: input.status, filter: input.filter })
    return pagedAnswer('members', listed.map(memberDocument), pageOf(call.gate, input))
  },
})

const setTopic = route({
  verb: 'POST',
  paths: pathsOf('im', 'setTopic'),
  input: z.looseObject({ roomId: z.unknown(), topic: z.string().nullish() }),
  async run(call, { roomId, topic }) {
    if (!roomId) return new MeteorError('error-room-param-not-provided', 'Body param "roomId" is required')
    const found = await directNamed(call, { roomId })
    if (found instanceof MeteorError) return unauthorized
    const saved = await saveSettings(call, found, { roomTopic: topic ?? '' }, 'saveRoomSettings')
    return saved instanceof MeteorError ? saved : { topic: topic ?? '' }
  },
})

/** Reading others' direct rooms is nobody's right here, whatever the setting says: the caller's own only (L10). */
const messagesOthers = route({
  verb: 'GET',
  paths: pathsOf('im', 'messages.others'),
  input: z.looseObject({ ...PAGED, roomId: z.unknown() }),
  permission: 'view-room-administration',
  async run({ gate, caller }, input) {
    if (!gate.settings.get('API_Enable_Direct_Message_History_EndPoint'))
      return new MeteorError('error-endpoint-disabled', 'This endpoint is disabled', {
        route: '/api/v1/im.messages.others',
      })
    const { roomId } = input
    if (typeof roomId !== 'string' || roomId === '')
      return new MeteorError('error-roomid-param-not-provided', 'The parameter "roomId" is required')
    const found = await roomOf(gate.parts, caller.account, roomId)
    if (!found || typeOf(found.room) !== 'd' || !found.room.members.has(caller.account.id))
      return new MeteorError(
        'error-room-not-found',
        `No direct message room found by the id of: ${roomId.slice(0, ID_TEXT)}`,
      )
    const { offset, count } = pageOf(gate, input)
    const read = await historyOf(gate.parts, caller.account, found.room, { count, skip: offset })
    if (isRejection(read)) return errorOf(read, 'messages')
    const total = await countShown(gate.parts, caller.account, found.room)
    return { messages: read.map(({ document }) => document), count: read.length, offset, total }
  },
})

export const IM: readonly Route[] = [blockUser, create, remove, list, listEveryone, members, setTopic, messagesOthers]
