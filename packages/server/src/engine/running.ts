// One command on its way through the engine: who asked, what its newest decision was made on, and what is to become of it
// when it is written. One object for all that, since there is one for every message.
import type { Decision } from '../room/decision.ts'
import type { RoomEvent } from '../room/events.ts'
import type { RoomState } from '../room/state.ts'
import type { Item, Outcome, Row, StoreFailure } from '../store/store.ts'
import type { Asker, Submission } from './engine.ts'
import type { Gathered } from './facts.ts'
import type { Writing } from './writer.ts'

/** Whoever goes on with it: the engine. */
export interface Course {
  applied(running: Running, events: readonly RoomEvent[]): void
  settled(running: Running, outcome: Outcome): void
  failed(running: Running, failure: StoreFailure): void
}

/** What was decided, and on what. */
export interface Considered {
  /** undefined for a room that begins with it. */
  readonly before: RoomState | undefined
  readonly facts: Gathered
  readonly decision: Decision
  /** Of others, to be written in the same transaction. */
  readonly described: readonly Row[]
  readonly item: Item
}

export class Running implements Writing {
  readonly submission: Submission
  readonly asker: Asker
  readonly #course: Course
  /** The epoch when it was looked at first. */
  seen: string | null | undefined = undefined
  attempt = 0
  /** What it is decided on was read anew. */
  renewed = false
  /** Before it is handed to the writer. */
  considered!: Considered
  /** The room with its events, once they are committed. */
  after: RoomState | undefined = undefined

  constructor(submission: Submission, asker: Asker, course: Course) {
    this.submission = submission
    this.asker = asker
    this.#course = course
  }

  get item(): Item {
    return this.considered.item
  }

  applied(events: readonly RoomEvent[]): void {
    this.#course.applied(this, events)
  }

  settled(outcome: Outcome): void {
    this.#course.settled(this, outcome)
  }

  failed(failure: StoreFailure): void {
    this.#course.failed(this, failure)
  }
}
