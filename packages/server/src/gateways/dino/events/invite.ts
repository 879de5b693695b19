// `invite`: asks another user into a room in which the inviter is, or to which they belong. Whether the other may come in
// is decided when they do. Who is banned there, or does not want to hear of the inviter, is not asked, and nobody is told so.
import { isUserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import { belongs, checkStanding } from '../../../room/rights.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, type Gate, refused, rejectionAnswer, stamp } from '../gate.ts'
import { channelName, roomName, userName } from '../names.ts'
import { detailsOf } from '../people.ts'
import { type Found, roomKnownTo } from '../rooms.ts'
import { tellUser } from '../tell.ts'

export async function inviteUser({ gate, account, activity }: Asked): Promise<Answer> {
  const { target, actor } = activity
  const { parts } = gate
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no target.id (uuid of user to invite)'))
  const invited = isUserId(target.id) ? await parts.identity.accounts.load(target.id) : undefined
  if (!invited) return refused(refusal(CODE.NO_SUCH_USER, 'no such user for target.id (uuid of user to invite)'))
  const found = actor?.url === undefined ? undefined : await roomKnownTo(parts, actor.url, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no room/channel found for actor.url room uuid'))
  const { room, channel } = found
  const barred = checkStanding(room, channel, account, parts.clock.now())
  if (barred) return rejectionAnswer(gate, barred, room, channel)
  if (!belongs(room, account.id) && !(await parts.occupancy.inside(room.id, account.id)))
    return refused(refusal(CODE.USER_NOT_IN_ROOM, 'user is not in the room that the invitation is for'))
  if (hears(gate, found, invited, account))
    tellUser(parts.bus, invited.id, 'gn_invitation', invitationJson(gate, found, account))
  return DONE
}

function hears({ parts }: Gate, { room, channel }: Found, invited: Account, by: Account): boolean {
  return !invited.excluded.includes(by.id) && !checkStanding(room, channel, invited, parts.clock.now())
}

function invitationJson(gate: Gate, { room, channel }: Found, by: Account): string {
  return JSON.stringify({
    actor: { id: by.id, displayName: userName(by), attachments: detailsOf(by) },
    verb: 'invite',
    object: { url: idOf(channel.id), displayName: channelName(channel) },
    target: { id: idOf(room.id), displayName: roomName(room) },
    ...stamp(gate),
    provider: PROVIDER,
  })
}
