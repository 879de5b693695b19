// What users are to others (dino.md section 4, status): one status for all sessions of a user, whatever their wires. That
// somebody is invisible is kept with the account, so that it outlives the sessions; the rest lasts as long as they do.
// And when they were last seen.
import type { UserId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import type { IdentityRejection } from '../identity/rejection.ts'
import { isRefused } from '../identity/rejection.ts'
import { Turns } from '../identity/turns.ts'
import { WAITING_STATUSES } from '../limits.ts'
import type { Presence, Status } from '../presence/presence.ts'
import type { Account } from '../room/facts.ts'
import type { Write } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'

export interface StatusesParts {
  readonly presence: Presence
  readonly bus: Bus
  readonly identity: Identity
  readonly clock: Clock
  readonly write: Write
}

export interface StatusChange {
  /** As it stands after the change. */
  readonly account: Account
  readonly before: Status
  readonly after: Status
  /** The user was hidden before: invisible, or offline after having been so. */
  readonly wasHidden: boolean
}

/** null leaves everything as it is. `account`: before the change. */
export type Wanted = (before: Status, account: Account) => Status | null

export class Statuses {
  readonly #parts: StatusesParts
  readonly #turns = new Turns(WAITING_STATUSES)

  constructor(parts: StatusesParts) {
    this.#parts = parts
  }

  /** `offline` for who has no session. */
  of(user: UserId): Promise<Status> {
    return this.#parts.presence.statusOf(user)
  }

  /**
   * One change of a user after the other, each told before the next begins. Of who has no session it keeps whether they
   * are invisible from their next log-in on. null when nothing was to change.
   */
  async change(
    user: UserId,
    wanted: Wanted,
    tell: (change: StatusChange) => Promise<void> = async () => {},
  ): Promise<StatusChange | null | IdentityRejection> {
    const turn = this.#turns.run(user, () => this.#change(user, wanted, tell))
    return (await turn) ?? (turn ? null : { rejected: 'busy' })
  }

  async #change(
    user: UserId,
    wanted: Wanted,
    tell: (change: StatusChange) => Promise<void>,
  ): Promise<StatusChange | null | IdentityRejection> {
    const { identity, presence } = this.#parts
    const known = await identity.accounts.load(user)
    if (!known) return { rejected: 'user.unknown' }
    const before = await presence.statusOf(user)
    const after = wanted(before, known)
    if (after === null) return null
    const account = await this.#keep(known, after)
    if (isRefused(account)) return account
    await presence.setStatus(user, after)
    this.#parts.bus.publish('all', { kind: 'presence', user })
    if (isSeen(before) && !isSeen(after)) await this.#seen(user)
    const change = { account, before, after, wasHidden: known.invisible }
    await tell(change)
    return change
  }

  #keep(account: Account, status: Status): Promise<Account | IdentityRejection> {
    const invisible = status === 'invisible' || (status !== 'online' && account.invisible)
    if (invisible === account.invisible) return Promise.resolve(account)
    return this.#parts.identity.users.changeOwn(account.id, { invisible })
  }

  /** A user's last session has closed. `status`: what they were until then. */
  async gone(user: UserId, status: Status): Promise<void> {
    if (isSeen(status)) await this.#seen(user)
  }

  /** Nobody waits for this: a store that fails says so itself. */
  async #seen(user: UserId): Promise<void> {
    const at = this.#parts.clock.now()
    try {
      await this.#parts.write({ guards: [], append: null, rows: [{ put: 'seen', user, at }] })
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
    }
  }
}

/** Whether others see the user as being there. */
function isSeen(status: Status): boolean {
  return status === 'online' || status === 'away'
}
