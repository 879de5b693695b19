// `users_in_room`: who is inside. Being inside oneself is not asked for; a room that the user may not list, or is banned
// from, is empty, as one is that there is not.
import type { Account } from '../../../room/facts.ts'
import { checkStanding } from '../../../room/rights.ts'
import { echo } from '../activity.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, malformed, refusal } from '../errors.ts'
import { type Answer, type Asked, type Gate, refused, stamp } from '../gate.ts'
import { usersJson } from '../people.ts'
import { type Found, roomOf } from '../rooms.ts'

export async function usersInRoom({ gate, account, activity }: Asked): Promise<Answer> {
  const { target } = activity
  if (!target) return refused(malformed('target is missing'))
  if (target.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no room id specified'))
  const found = await roomOf(gate.parts, target.id)
  const users = found && (await isShown(gate, found, account)) ? await usersJson(gate.parts, found.room, account) : '[]'
  const answer = {
    target: { id: found ? idOf(found.room.id) : echo(target.id), displayName: '' },
    verb: 'list',
    ...stamp(gate),
    provider: PROVIDER,
  }
  const object = `{"objectType":"users","attachments":${users}}`
  return { json: `${JSON.stringify(answer).slice(0, -1)},"object":${object}}` }
}

/** Whoever is inside sees the others, whether or not the room is in their lists. */
async function isShown({ parts }: Gate, { room, channel }: Found, account: Account): Promise<boolean> {
  const { reading, occupancy, clock } = parts
  if (await occupancy.inside(room.id, account.id)) return true
  if (checkStanding(room, channel, account, clock.now()) || reading.mayListChannel(account, channel)) return false
  return reading.mayList(account, room, channel)
}
