// Change a room's access rules one by one, as its owners, the channel's owners and operators may (dino.md section 4,
// set_acl). The ACL `setacl` can narrow that, never widen it.
import type { UserId } from '@conclave/wire'
import { changeAcls } from '../acl-change.ts'
import type { ProposedAcl } from '../acl-check.ts'
import type { CommandRule } from '../decision.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { ACLS_REFUSED, checkRoomAcls, mayGovern, rulerOf, visitorOf } from '../rights.ts'
import type { RoomState } from '../state.ts'

export interface SetAcls {
  readonly command: 'set-acls'
  readonly actor: UserId | null
  /** In this order. A value null takes the ACL of that type away for that action; one that is not there is no error. */
  readonly changes: readonly ProposedAcl[]
}

export const setAcls: CommandRule<SetAcls> = {
  needs: (_state, command) => ({ accounts: command.actor === null ? [] : [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = command.actor === null ? null : checkActor(state, command.actor, facts, context)
    if (refused) return refused
    const acls = changeAcls(state.acls, command.changes, 'room', context.settings.acl)
    if (isRejection(acls)) return acls
    const same = JSON.stringify(acls) === JSON.stringify(state.acls)
    return { events: same ? [] : [{ type: 'acls.changed', acls }] }
  },
}

function checkActor(state: RoomState, actor: UserId, facts: Facts, context: Context): Rejection | null {
  const account = rulerOf(state, facts, actor, context.now)
  if (isRejection(account)) return account
  if (!mayGovern(state, facts.channel, account)) return { rejected: 'role.required', text: ACLS_REFUSED }
  return checkRoomAcls(state, 'setacl', visitorOf(context.settings.acl, state, facts.channel, account))
}
