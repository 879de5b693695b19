// Open the next epoch of a room's key (a rotation), or its first. Opens a closed room (L2, L4).
import type { UserId } from '@conclave/wire'
import { KEY_ID } from '../../limits.ts'
import type { CommandRule, Decision } from '../decision.ts'
import type { Wrap } from '../events.ts'
import type { Account, Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkJoin, checkStanding, mayOwn, visitorOf } from '../rights.ts'
import { isWrappedKey } from '../rocketchat.ts'
import { checkVersion, checkWraps } from '../rotation.ts'
import type { ActionSignature } from '../signatures.ts'
import { checkKeyChange, keysOf, readActions, signedOf, usersNamed } from '../signatures.ts'
import { isOpenRoom, type RoomState } from '../state.ts'

export interface OpenEpoch {
  readonly command: 'open-epoch'
  readonly actor: UserId
  readonly version: string
  readonly wraps: readonly Wrap[]
  /** X only: the signed key change. */
  readonly signatures: readonly ActionSignature[] | null
  /** Rocket.Chat only: replace an epoch that exists (`e2e.resetRoomKey`) instead of opening the first. */
  readonly replaces: boolean
}

export const openEpoch: CommandRule<OpenEpoch> = {
  needs: (state, command) => ({
    accounts: [command.actor],
    keys: state?.suite === 'xchat' ? [...state.members.keys(), ...usersNamed(command.signatures ?? [])] : [],
  }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const account = actorOf(facts, command.actor)
    if (isRejection(account)) return account
    if (isOpenRoom(state)) return bearId(state, account, command, facts, context)
    if (!state.members.has(command.actor)) return { rejected: 'member.required' }
    const barred = checkStanding(state, facts.channel, account, context.now)
    if (barred) return barred
    if (state.suite === 'xchat') return rotateSigned(state, command, facts, context)
    if (command.replaces && !state.closed && state.kind !== 'direct' && !mayOwn(state, facts.channel, account)) {
      return { rejected: 'role.required', text: 'only owners replace the key' }
    }
    return openUnsigned(state, command, context)
  },
}

/** A public room only bears the id: whoever may enter it gives one, once, and nothing is ever encrypted under it
 * (rocketchat.md 5.3). */
function bearId(
  state: RoomState,
  account: Account,
  command: OpenEpoch,
  facts: Facts,
  context: Context,
): Decision | Rejection {
  if (command.replaces || command.wraps.length > 0)
    return { rejected: 'room.kind', text: 'only private and direct rooms have a key' }
  const visitor = visitorOf(context.settings.acl, state, facts.channel, account)
  const barred = checkJoin(state, facts.channel, account, visitor, context.now)
  return barred ?? openUnsigned(state, command, context)
}

function openUnsigned(state: RoomState, command: OpenEpoch, context: Context): Decision | Rejection {
  const { version, wraps, replaces } = command
  if (version.length === 0 || version.length > KEY_ID) return { rejected: 'epoch.malformed' }
  if (!replaces && state.epoch) return { rejected: 'epoch.exists', current: state.epoch.version }
  if (replaces && !state.epoch) return { rejected: 'epoch.missing' }
  // Even under another id: it was made for the key that this one would replace unseen (L2).
  if (replaces && context.overtaken) return { rejected: 'conflict', current: state.epoch?.version ?? null }
  if (replaces && state.epoch?.version === version) return { rejected: 'epoch.stale', current: version }
  for (const wrap of wraps) {
    if (wrap.user !== command.actor) return { rejected: 'wrap.extra', user: wrap.user }
    if (!isWrappedKey(wrap.key)) return { rejected: 'wrap.malformed', user: wrap.user }
  }
  return { events: [{ type: 'epoch.opened', version, wraps, signed: null }] }
}

function rotateSigned(state: RoomState, command: OpenEpoch, facts: Facts, context: Context): Decision | Rejection {
  const { actor, version, wraps, signatures } = command
  const problem = checkVersion(version, state.epoch, context) ?? checkWraps(wraps, new Set(state.members.keys()), facts)
  if (problem) return problem
  if (signatures === null) return { rejected: 'suite.refused', text: 'the keys of this room change over X only' }
  const actions = readActions(signatures, ['key change'], actor, facts)
  if (isRejection(actions)) return actions
  const keyChange = actions.get('key change')
  if (!keyChange) throw new Error('readActions gives every part that it was asked for')
  const mismatch = checkKeyChange(keyChange, { version, wraps })
  if (mismatch) return mismatch
  return {
    events: [{ type: 'epoch.opened', version, wraps, signed: signedOf(keyChange) }],
    messageKeys: keysOf(signatures, actor),
  }
}
