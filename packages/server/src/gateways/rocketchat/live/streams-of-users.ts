// Streams about users: one's own notifications, and who is there.
import { isUserId, type UserId } from '@conclave/wire'
import { type MeteorError, notAllowedToRead } from '../errors.ts'
import { WATCHED_USERS } from '../limits.ts'
import { type Asking, NOTHING, type Opened } from './opened.ts'

/** `<uid>/<event>`: only one's own events. The real server shows anybody's `webrtc`: it is accepted, and nothing comes. */
export async function notifyUser({ gate, session, caller }: Asking, eventName: string): Promise<Opened | MeteorError> {
  const at = eventName.indexOf('/')
  const user = eventName.slice(0, at)
  const event = eventName.slice(at + 1)
  if (at <= 0 || event === '') return notAllowedToRead
  if (!caller || !isUserId(user) || session.user !== user) return event === 'webrtc' ? NOTHING : notAllowedToRead
  const follower = await gate.feeds.follow(user, follower => follower.event(event).add(session))
  return {
    personal: true,
    room: null,
    close: async () => {
      follower.notify.get(event)?.remove(session)
      gate.feeds.releaseFollower(follower)
    },
  }
}

/** The first subscription of a connection stands for its list of users, which every later one only changes. */
export function watchPresence({ gate, session, caller }: Asking, options: unknown): Opened | MeteorError | 'changed' {
  if (!caller) return notAllowedToRead
  const { presences } = gate
  const before = presences.watches(session)
  const { added, removed } = changesIn(options)
  presences.watch(session, added, removed)
  if (before) return 'changed'
  return { personal: true, room: null, close: async () => presences.unwatch(session) }
}

/** `{added, removed}`, as they are or as the first of `args` (rocketchat.md 3, frames 11). What is no id of a user is left
 * out: nobody has it. */
function changesIn(options: unknown): { added: UserId[]; removed: UserId[] } {
  const given = Array.isArray((options as { args?: unknown } | null)?.args)
    ? (options as { args: unknown[] }).args[0]
    : options
  const ids = (key: 'added' | 'removed'): UserId[] => {
    const list = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[key] : undefined
    return Array.isArray(list) ? list.slice(0, WATCHED_USERS).filter(one => isUserId(one)) : []
  }
  return { added: ids('added'), removed: ids('removed') }
}
