// Put a room into a team, take it out, or say whether the team's members come into it; make a room a team, or a team a
// room. Who may do so beside the room's owners is whoever manages the team, which is another room: its gateway has asked.
import type { RoomId, UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import type { TeamPlace } from '../events.ts'
import { isRejection } from '../rejection.ts'
import { belongs, isHidden, mayModerate, mayOwn, rulerOf } from '../rights.ts'
import { isTeam, type RoomState } from '../state.ts'

export interface ChangeTeam {
  readonly command: 'change-team'
  readonly actor: UserId
  readonly team: TeamPlace | null
  /** The team that the room is taken out of, or stays in, by whoever manages that team; absent: by its owners alone. */
  readonly managed?: RoomId
}

export const changeTeam: CommandRule<ChangeTeam> = {
  needs: (_state, { actor }) => ({ accounts: [actor], keys: [] }),

  decide(state, { actor, team, managed }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'this room is described over X only' }
    const account = rulerOf(state, facts, actor, context.now)
    if (isRejection(account)) return account
    const isManaged = managed !== undefined && state.team?.main === managed && !isTeam(state)
    if (!isManaged && !mayOwn(state, facts.channel, account))
      return { rejected: 'role.required', text: 'only owners may change the team of a room' }
    if (state.kind !== 'public' && state.kind !== 'private' && team)
      return { rejected: 'room.kind', text: 'only public and private rooms are in teams' }
    // Everybody in the team comes into it then: into a hidden room by whoever could add them one by one.
    const opens = team?.isDefault === true && !state.team?.isDefault && isHidden(state)
    if (opens && !(belongs(state, actor) && mayModerate(state, facts.channel, account)))
      return { rejected: 'member.required' }
    if (team && state.team && state.team.main !== team.main)
      return { rejected: 'room.kind', text: 'the room is in a team already' }
    return { events: isSame(state, team) ? [] : [{ type: 'team.changed', team }] }
  },
}

function isSame({ team }: RoomState, wanted: TeamPlace | null): boolean {
  if (!team || !wanted) return team === null && wanted === null
  return team.main === wanted.main && team.isDefault === wanted.isDefault
}
