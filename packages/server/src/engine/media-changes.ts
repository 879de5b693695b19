// How the records of media change: what belongs to one user one after another, each change guarded by the records that it
// saw, so that another node that changes the same one is noticed and looked at again.
import type { UserId } from '@conclave/wire'
import { Turns } from '../identity/turns.ts'
import { ATTEMPTS, WAITING_MEDIA } from '../limits.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { DocumentRow, Guard, Write } from '../store/store.ts'
import { isUnavailable } from './engine.ts'

/** Rows to write while the guards hold, and what the change then gives. Without rows nothing is written. */
export interface Planned<T> {
  readonly guards: readonly Guard[]
  readonly rows: readonly DocumentRow[]
  readonly value: T
}

export class MediaChanges {
  readonly #write: Write
  readonly #turns = new Turns(WAITING_MEDIA)

  constructor(write: Write) {
    this.#write = write
  }

  /** `plan` is asked again when something that it saw has changed. */
  async run<T extends object, R extends { readonly rejected: string }>(
    user: UserId,
    plan: () => Promise<Planned<T> | R>,
  ): Promise<T | R | Rejection> {
    return this.#available<T | R | Rejection>(
      () => this.#turns.run(user, () => this.#run(plan)) ?? Promise.resolve({ rejected: 'busy' }),
    )
  }

  /** The same for what others do with a user's media: no number of the user's own changes keeps them away. */
  async wait<T extends object>(user: UserId, plan: () => Promise<Planned<T>>): Promise<T | Rejection> {
    return this.#available<T | Rejection>(() => this.#turns.wait(user, () => this.#run<T, never>(plan)))
  }

  async #available<T>(change: () => Promise<T>): Promise<T | Rejection> {
    try {
      return await change()
    } catch (error) {
      if (isUnavailable(error)) return { rejected: 'unavailable' }
      throw error
    }
  }

  /** Runs `work`, which changes something itself, while nothing else of these users does. */
  async hold<T>(users: readonly UserId[], work: () => Promise<T>): Promise<T> {
    // In one order, so that no two wait for each other.
    const [first, ...rest] = [...new Set(users)].sort()
    if (first === undefined) return work()
    return this.#turns.wait(first, () => this.hold(rest, work))
  }

  async #run<T extends object, R extends { readonly rejected: string }>(
    plan: () => Promise<Planned<T> | R>,
  ): Promise<T | R | Rejection> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const planned = await plan()
      if (isRejection(planned)) return planned
      const { guards, rows, value } = planned as Planned<T>
      if (rows.length === 0) return value
      const { outcome } = await this.#write({ guards, append: null, rows })
      if (outcome === 'committed') return value
      if (outcome !== 'stale') throw new Error(`a change of media came out as ${outcome}`)
    }
    return { rejected: 'busy' }
  }
}
