// Put a whole list in the place of a room's access rules: what an import does, and nobody over a wire.
import { ACLS } from '../../limits.ts'
import type { Acl } from '../acl.ts'
import { checkAcl } from '../acl-check.ts'
import type { CommandRule } from '../decision.ts'

export interface ReplaceAcls {
  readonly command: 'replace-acls'
  /** The server itself: somebody's own change is `set-acls`. */
  readonly actor: null
  readonly acls: readonly Acl[]
}

export const replaceAcls: CommandRule<ReplaceAcls> = {
  needs: () => ({ accounts: [], keys: [] }),

  decide(state, command, _facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    if (command.acls.length > ACLS) return { rejected: 'limit', text: `at most ${ACLS} rules on a room` }
    for (const acl of command.acls) {
      const checked = checkAcl(acl, 'room', context.settings.acl)
      if (!checked.ok) return { rejected: 'acl.malformed', field: checked.field, text: checked.text }
    }
    return JSON.stringify(state.acls) === JSON.stringify(command.acls)
      ? { events: [] }
      : { events: [{ type: 'acls.changed', acls: command.acls }] }
  },
}
