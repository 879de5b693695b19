// `e2e.resetRoomKey`: another key of the room, which so far the caller alone holds (rocketchat.md 5.7). Of several at once one
// wins. Owners may, either side of a direct room, and any member who remains in a closed one (L4).
import { z } from 'zod'
import { KEY_ID, WRAPPED_KEY } from '../../../limits.ts'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf } from '../errors.ts'
import { roomOf } from '../names.ts'
import { id } from '../params.ts'
import { Envelope, forbidden, route } from '../route.ts'
import { submit } from '../submit.ts'

const NAME = 'e2e.resetRoomKey'

/** The real server's errors of this route are bare codes. */
const failure = (code: string) => new Envelope(400, { success: false, error: code, errorType: code })
const notAllowed = failure('error-not-allowed')
const failed = failure('error-e2e-key-reset-failed')
const inProgress = failure('error-e2e-key-reset-in-progress')

const AGAIN: ReadonlySet<string> = new Set(['busy', 'unavailable'])
const NO_ACCESS: ReadonlySet<string> = new Set(['room.unknown', 'member.required', 'banned'])

export const e2eResetRoomKey = route({
  verb: 'POST',
  paths: ['/v1/e2e.resetRoomKey'],
  input: z.looseObject({
    rid: id,
    e2eKey: z.string().min(1).max(WRAPPED_KEY),
    e2eKeyId: z.string().min(1).max(KEY_ID),
  }),
  async run(call, { rid, e2eKey, e2eKeyId }) {
    const { gate, caller } = call
    const { account } = caller
    const room = (await roomOf(gate.parts, account, rid))?.room
    const member = room?.members.has(account.id) ?? false
    const free = member && room && (room.closed || room.kind === 'direct')
    if (!free && !gate.permissions.may(account, 'toggle-room-e2e-encryption', member ? room : undefined))
      return forbidden
    if (!room || !member || room.suite === 'xchat') return notAllowed
    if (!(await gate.parts.identity.keyPairs.of(account.id))) return failed
    const done = await submit(call, room.id, {
      command: 'open-epoch',
      actor: account.id,
      version: e2eKeyId,
      wraps: [{ user: account.id, key: e2eKey, publicKeyVersion: '' }],
      signatures: null,
      replaces: true,
    })
    if (!isRejection(done)) return {}
    if (done.rejected === 'conflict') return inProgress
    if (AGAIN.has(done.rejected)) return errorOf(done, NAME)
    if (NO_ACCESS.has(done.rejected)) return notAllowed
    return done.rejected === 'role.required' ? forbidden : failed
  },
})
