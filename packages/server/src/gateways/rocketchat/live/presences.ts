// Who watches whose presence, and telling them. Changes of a moment are told together: when thousands come back at once,
// each would otherwise be a frame to each of the others in its own turn.
import type { UserId } from '@conclave/wire'
import { accountOf, globalRolesOf } from '../encode.ts'
import { ejson, Frame, streamFrame } from '../frames.ts'
import type { Gate } from '../gate.ts'
import { PRESENCE_DELAY, PRESENCE_DELIVERIES, PRESENCES_TOGETHER, WATCHED_USERS } from '../limits.ts'
import type { DdpSession } from '../session.ts'
import { presenceOf, STATUS_CODE } from '../users/presence.ts'

export class Presences {
  readonly #gate: () => Gate
  readonly #bug: (error: unknown) => void
  readonly #watchers = new Map<UserId, Set<DdpSession>>()
  readonly #watched = new Map<DdpSession, Set<UserId>>()
  /** Those who changed, for who watches them and for themselves. */
  #changed = new Set<UserId>()
  /** The same, for everybody who listens to `user-status`. */
  #loud = new Set<UserId>()
  #timer: NodeJS.Timeout | null = null

  constructor(gate: () => Gate, bug: (error: unknown) => void) {
    this.#gate = gate
    this.#bug = bug
  }

  watches(session: DdpSession): boolean {
    return this.#watched.has(session)
  }

  watch(session: DdpSession, added: readonly UserId[], removed: readonly UserId[]): void {
    const watched = this.#watched.get(session) ?? new Set<UserId>()
    this.#watched.set(session, watched)
    for (const user of removed) if (watched.delete(user)) this.#drop(user, session)
    for (const user of added) {
      if (watched.size >= WATCHED_USERS) return
      watched.add(user)
      const watchers = this.#watchers.get(user)
      if (watchers) watchers.add(session)
      else this.#watchers.set(user, new Set([session]))
    }
  }

  unwatch(session: DdpSession): void {
    for (const user of this.#watched.get(session) ?? []) this.#drop(user, session)
    this.#watched.delete(session)
  }

  #drop(user: UserId, session: DdpSession): void {
    const watchers = this.#watchers.get(user)
    if (watchers?.delete(session) && watchers.size === 0) this.#watchers.delete(user)
  }

  /** What others see of the user may be another now. */
  changed(user: UserId): void {
    const { broadcasts, feeds } = this.#gate()
    if (this.#watchers.has(user) || feeds.follower(user)?.listensTo('userData')) this.#changed.add(user)
    if (broadcasts.size('notify-logged', 'user-status') > 0) this.#loud.add(user)
    this.#wait()
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#changed = new Set()
    this.#loud = new Set()
  }

  #wait(): void {
    if (this.#timer || (this.#changed.size === 0 && this.#loud.size === 0)) return
    this.#timer = setTimeout(() => {
      this.#tell()
        .catch(this.#bug)
        .finally(() => {
          this.#timer = null
          this.#wait()
        })
    }, PRESENCE_DELAY)
    this.#timer.unref()
  }

  async #tell(): Promise<void> {
    const { broadcasts } = this.#gate()
    const listening = broadcasts.size('notify-logged', 'user-status')
    const most = Math.max(1, Math.floor(PRESENCE_DELIVERIES / Math.max(listening, 1)))
    const loud = take(this.#loud, most)
    const near = take(this.#changed, PRESENCES_TOGETHER)
    for (const user of new Set([...near, ...loud])) await this.#tellOne(user, near.has(user), loud.has(user))
  }

  async #tellOne(user: UserId, near: boolean, loud: boolean): Promise<void> {
    const { parts, broadcasts, feeds } = this.#gate()
    const account = await accountOf(parts, user)
    if (!account) return
    const { status, statusText } = await presenceOf(this.#gate(), account)
    const code = STATUS_CODE[status]
    const { username, name } = account
    if (near) {
      const watchers = this.#watchers.get(user)
      if (watchers) {
        const frame = presenceFrame(user, [username, code, statusText])
        for (const session of watchers) session.write(frame)
      }
      const told = { type: 'updated', id: user, diff: { status, statusText }, unset: {} }
      const own = feeds.follower(user)?.notify.get('userData')
      if (own && own.size > 0) own.write(streamFrame('notify-user', `${user}/userData`, ejson([told])))
    }
    if (loud)
      broadcasts.tell('notify-logged', 'user-status', [
        [user, username, code, statusText, name, globalRolesOf(account)],
      ])
  }
}

/** The first of a set, which go out of it. */
function take<T>(from: Set<T>, most: number): Set<T> {
  const taken = new Set<T>()
  for (const one of from) {
    if (taken.size >= most) break
    taken.add(one)
  }
  for (const one of taken) from.delete(one)
  return taken
}

/** The one stream whose documents have ids of their own (rocketchat.md 1.7). */
function presenceFrame(user: UserId, presence: readonly [string, number, string]): Frame {
  const fields = { uid: user, args: [presence], eventName: user }
  return new Frame(JSON.stringify({ msg: 'changed', collection: 'stream-user-presence', id: user, fields }))
}
