// `channels|groups|im.open`, `close`, `counters`: the caller's own place in a room, and what is unread there.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { type Found, fullNameOf, slugOf } from '../../names.ts'
import { keep, membershipIn } from '../../rooms/membership-acts.ts'
import { counted, isOpen, unreadIn } from '../../rooms/subscription-document.ts'
import { failure, type RestCall, type Route, route, unauthorized } from '../../route.ts'
import { directNamed } from '../direct-named.ts'
import { type Family, familyRoutes, pathsOf } from './family.ts'

const families = ['channels', 'groups'] as const
const input = z.looseObject({})

export const membership: Route[] = [
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'open',
    input,
    run: (call, _, found, family) => open(call, found, family),
  }),
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'close',
    input,
    run: (call, _, found, family) => close(call, found, family),
  }),
  ...familyRoutes({
    families,
    verb: 'GET',
    name: 'counters',
    input,
    active: true,
    office: true,
    run: (call, asked, found) => counters(call, found, asked),
  }),
  direct('POST', 'open', (call, found) => open(call, found, 'im')),
  direct('POST', 'close', (call, found) => close(call, found, 'im')),
  direct('GET', 'counters', counters),
]

type Asked = Readonly<Record<string, unknown>>

function direct(
  verb: 'GET' | 'POST',
  name: string,
  run: (call: RestCall, found: Found, asked: Asked) => Promise<object>,
): Route {
  return route({
    verb,
    paths: pathsOf('im', name),
    input,
    async run(call, asked) {
      if (!asked.roomId)
        return new MeteorError(
          'error-room-param-not-provided',
          `${verb === 'GET' ? 'Query' : 'Body'} param "roomId" is required`,
        )
      const found = await directNamed(call, { roomId: asked.roomId })
      return found instanceof MeteorError ? unauthorized : run(call, found, asked)
    },
  })
}

async function open(call: RestCall, found: Found, family: Family): Promise<object> {
  const own = await membershipIn(call.gate, call.caller, found)
  const name = slugOf(fullNameOf(found.room))
  if (!own) return family === 'im' ? unauthorized : failure(`The user/callee is not in the channel "${name}".`)
  const isShown = isOpen(own.room, own.membership)
  if (isShown && family === 'channels') return failure(`The channel, ${name}, is already open to the sender`)
  if (isShown && family === 'groups') return failure(`The private group, ${name}, is already open for the sender`)
  if (!isShown) await keep(call.gate, own, { hidden: false })
  return {}
}

async function close(call: RestCall, found: Found, family: Family): Promise<object> {
  const own = await membershipIn(call.gate, call.caller, found)
  const name = slugOf(fullNameOf(found.room))
  if (!own)
    return failure(
      family === 'im' ? 'The user is not subscribed to the room' : `The user/callee is not in the channel "${name}.`,
    )
  if (!isOpen(own.room, own.membership)) {
    if (family === 'im') return failure('The direct message room, is already closed to the sender')
    const what = family === 'groups' ? 'private group' : 'channel'
    return failure(`The ${what}, ${name}, is already closed to the sender`)
  }
  await keep(call.gate, own, { hidden: true })
  return {}
}

/** Of another user only for who administers rooms. Who is not in a room learns nothing of it by this. */
async function counters(call: RestCall, { room }: Found, { userId }: Asked): Promise<object> {
  const { gate, caller } = call
  const office = gate.permissions.may(caller.account, 'view-room-administration')
  if (userId && !(office && isUserId(userId))) return unauthorized
  const user = isUserId(userId) ? userId : caller.account.id
  const [found] = await gate.parts.reading.memberships([{ user, room: room.id }], counted(gate))
  const joined = found !== undefined && isOpen(room, found)
  const head = joined || office ? await gate.parts.reading.head(room.id) : undefined
  const latest = head ? new Date(head.lastMessageAt ?? room.updatedAt) : null
  return {
    joined,
    members: head ? room.members.size : null,
    unreads: joined ? unreadIn(gate, room, found) : null,
    unreadsFrom: joined ? new Date(Math.max(found.cursor?.at ?? 0, room.members.get(user)?.at ?? 0)) : null,
    msgs: head ? head.messages : null,
    latest,
    userMentions: joined ? found.userMentions : null,
  }
}
