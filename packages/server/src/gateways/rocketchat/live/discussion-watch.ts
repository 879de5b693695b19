// What happens to rooms and concerns others that hang on them: the message that tells of a discussion counts what is said
// there, and discussions and links go with their room. The node that commits does it, whatever wire it came over.
import type { RoomId, UserId } from '@conclave/wire'
import type { BusMessage } from '../../../bus/bus.ts'
import { isTeam, type RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { DISCUSSIONS, NOTICE_DELAY, TEAM_ROOMS } from '../limits.ts'
import { dropInvites } from '../rooms/invites.ts'
import { takeIn } from '../rooms/teams.ts'
import { SIGNAL } from './tell.ts'

export class DiscussionWatch {
  readonly #parts: GatewayParts
  readonly #bug: (error: unknown) => void
  readonly #waiting = new Map<RoomId, NodeJS.Timeout>()

  constructor(parts: GatewayParts, bug: (error: unknown) => void) {
    this.#parts = parts
    this.#bug = bug
  }

  follow(message: BusMessage): void {
    if (message.kind !== 'event') return
    const { event, room } = message.delivery
    const { type } = event.body
    if (room.discussionOf && (type === 'message' || type === 'messages.deleted' || type === 'room.removed'))
      this.#tellSoon(room, room.discussionOf.parent)
    if (event.body.type === 'members.added' && isTeam(room)) void this.#takeIn(room, event.body.users).catch(this.#bug)
    if (type === 'room.removed') void this.#clear(room).catch(this.#bug)
  }

  stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer)
    this.#waiting.clear()
  }

  /** Once for all of a moment. */
  #tellSoon({ id }: RoomState, parent: RoomId): void {
    if (this.#waiting.has(id)) return
    const timer = setTimeout(() => {
      this.#waiting.delete(id)
      const told = { kind: 'signal', name: SIGNAL.discussion, room: parent, from: null, args: [id] } as const
      this.#parts.bus.publish(`room:${parent}`, told)
    }, NOTICE_DELAY)
    timer.unref()
    this.#waiting.set(id, timer)
  }

  /** Whoever comes into a team comes into those of its rooms that take everybody in. */
  async #takeIn(team: RoomState, users: readonly UserId[]): Promise<void> {
    for (const { room } of await this.#parts.reading.branches(team.id, 'team', TEAM_ROOMS))
      if (room.team?.isDefault) await takeIn(this.#parts, room, users)
  }

  /** A crash in between leaves rooms whose parent is gone: they stay as what they are, with their members. */
  async #clear({ id }: RoomState): Promise<void> {
    const { engine, reading } = this.#parts
    await dropInvites(this.#parts, id)
    for (const { room } of await reading.branches(id, 'discussion', DISCUSSIONS)) {
      const command = { command: 'remove-room', actor: null, reason: 'its parent was removed' } as const
      await engine.submit({ room: room.id, command, session: null, bytes: 0 })
    }
  }
}
