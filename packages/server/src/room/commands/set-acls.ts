// Replace a room's access rules: its owners, the channel's owners and operators.
import type { UserId } from '@conclave/wire'
import { ACLS } from '../../limits.ts'
import type { Acl } from '../acl.ts'
import { checkAcl } from '../acl-check.ts'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { ownerOf } from '../rights.ts'

export interface SetAcls {
  readonly command: 'set-acls'
  readonly actor: UserId | null
  readonly acls: readonly Acl[]
}

export const setAcls: CommandRule<SetAcls> = {
  needs: (_state, command) => ({ accounts: command.actor === null ? [] : [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    if (command.actor !== null) {
      const account = ownerOf(state, facts, command.actor, context.now, 'user not allowed to set acl')
      if (isRejection(account)) return account
    }
    if (command.acls.length > ACLS) return { rejected: 'limit', text: `at most ${ACLS} rules on a room` }
    for (const acl of command.acls) {
      const checked = checkAcl(acl, 'room')
      if (!checked.ok) return { rejected: 'acl.malformed', field: checked.field, text: checked.text }
    }
    return JSON.stringify(state.acls) === JSON.stringify(command.acls)
      ? { events: [] }
      : { events: [{ type: 'acls.changed', acls: command.acls }] }
  },
}
