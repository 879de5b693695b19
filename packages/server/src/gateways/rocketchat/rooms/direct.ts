// Direct rooms: of oneself, of a pair, or of some more users. One for each set of users, made when there is none.
import { compareIds } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf } from '../encode.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import { suiteOfNew } from '../keys/encryption.ts'
import { DIRECT_USERS } from '../limits.ts'
import type { Call } from '../method.ts'
import { pairOf } from '../names.ts'
import { createRoom } from './create.ts'

const NAME = 'createDirectMessage'
const invalid = new MeteorError('error-invalid-user', 'Invalid user', { method: NAME })

export interface Direct {
  readonly room: RoomState
  readonly inserted: boolean
}

/** A direct room of two, one of whom has been switched off: nobody would read what is written there. */
export async function isOneSided(parts: GatewayParts, { direct, kind }: RoomState): Promise<boolean> {
  if (kind !== 'direct' || direct?.length !== 2) return false
  for (const user of direct) if (!(await accountOf(parts, user))?.active) return true
  return false
}

/** `usernames`: of the others; the caller's own is left out. */
export async function directRoom(
  call: Call,
  usernames: readonly string[],
  excludeSelf = false,
): Promise<Direct | MeteorError> {
  const { gate, caller } = call
  const { account } = caller
  const users = await usersOf(call, usernames, excludeSelf)
  if (users instanceof MeteorError) return users
  const ids = users.map(({ id }) => id).sort(compareIds)
  const most = Math.min(DIRECT_USERS, gate.settings.get('DirectMesssage_maxUsers') || 1)
  if (ids.length > most)
    return new MeteorError(
      'error-direct-message-max-user-exceeded',
      `You cannot add more than ${most} users, including yourself to a direct message`,
      { method: 'createDirectRoom' },
    )
  const known = await gate.parts.reading.direct(ids, 'direct')
  if (!gate.permissions.may(account, 'create-d')) {
    const mayView = known && !excludeSelf && gate.permissions.may(account, 'view-d-room')
    return mayView ? { room: known, inserted: false } : notAllowed(NAME)
  }
  if (known) return { room: known, inserted: false }
  const suite = suiteOfNew(gate, 'd', undefined)
  if (suite instanceof MeteorError) return suite
  // Who is not in it makes no encrypted room, and no plain one in its place, which those two would then find.
  if (suite !== 'none' && !ids.includes(account.id)) return notAllowed(NAME)
  const [a, b] = ids
  const made = await createRoom(call, {
    kind: 'direct',
    suite,
    name: null,
    topic: '',
    members: ids,
    owners: [],
    pair: ids.length === 2 && a !== undefined && b !== undefined ? pairOf(a, b) : null,
  })
  if (!isRejection(made)) return { room: made, inserted: true }
  const raced = made.rejected === 'room.taken' ? await gate.parts.reading.direct(ids, 'direct') : undefined
  return raced ? { room: raced, inserted: false } : errorOf(made, NAME)
}

/** Each once, the caller among them unless they leave themselves out. */
async function usersOf(
  { gate, caller: { account } }: Call,
  usernames: readonly string[],
  excludeSelf: boolean,
): Promise<Account[] | MeteorError> {
  const alone = usernames.length === 1 && usernames[0] === account.username
  if (alone && !gate.settings.get('Message_AllowDirectMessagesToYourself')) return invalid
  const users = new Map(excludeSelf ? [] : [[account.id, account]])
  for (const username of usernames) {
    if (username === account.username) continue
    const other = await gate.parts.identity.users.find({ username: username.replace(/^@/, '') })
    if (!other?.active) return invalid
    users.set(other.id, other)
  }
  const [first] = users.values()
  // Nobody makes others talk to themselves.
  if (!first || (users.size === 1 && first.id !== account.id)) return invalid
  return [...users.values()]
}
