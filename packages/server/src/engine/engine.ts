// The engine: the only place that knows the order of things (design 3): load the room, gather facts, decide,
// append conditionally, apply, publish, answer. Gateways hand in commands; nothing else writes a room's log.
import { availableParallelism } from 'node:os'
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus, BusMessage } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import { ATTEMPTS } from '../limits.ts'
import { fold } from '../room/apply.ts'
import type { Command } from '../room/decide.ts'
import { decide, needs } from '../room/decide.ts'
import type { Decision } from '../room/decision.ts'
import type { EventBody, RoomEvent } from '../room/events.ts'
import type { Context, Facts, Needs, RoomSettings } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { RoomState } from '../room/state.ts'
import type { Guard, Item, Outcome, Row, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import { tally } from '../tally.ts'
import { Admission } from './admission.ts'
import { atHand, type Gathered, gather } from './facts.ts'
import { putNotifications } from './notifications.ts'
import { publishEvent } from './publish.ts'
import { answeredBefore, repeated } from './repeated.ts'
import type { Rooms } from './rooms.ts'
import { type Course, Running } from './running.ts'
import { DeferredVerification, verifyText } from './verify.ts'
import type { Writer } from './writer.ts'

export interface Submission {
  readonly room: RoomId
  readonly command: Command
  /** Where the room will lie; needed for `create-room` only, else the room knows. */
  readonly channel?: string
  /** The session that asks, for its place in the queue and the echo on its own wire; null is the server. */
  readonly session: string | null
  /** Bytes that the command holds while it waits. */
  readonly bytes: number
  /** Requests of this session may overtake each other, as they do over HTTP. */
  readonly unordered?: true
  /** What is to be written in the same transaction, or why it cannot be; asked again when the command is decided again. */
  readonly beside?: () => Promise<Beside | Rejection>
}

/** Rows to write while the guards hold. */
export interface Beside {
  readonly guards: readonly Guard[]
  readonly rows: readonly Row[]
}

const NOTHING: Beside = { guards: [], rows: [] }

export interface Done {
  readonly events: readonly RoomEvent[]
  readonly room: RoomState
  /** True when the same message was here before and this is its first answer (L7). */
  readonly repeated: boolean
}

export type Answer = Done | Rejection

/** Who waits for an answer: one of the two is called, once, perhaps before `begin` returns. Neither may throw or wait. */
export interface Asker {
  answered(answer: Answer): void
  /** A bug. */
  failed(error: unknown): void
}

/** Why something was not written. */
type Refused = Exclude<Outcome, { outcome: 'committed' }>

/** What was decided and is about to be written. */
export interface Decided {
  readonly room: RoomId
  /** undefined for a room that begins with it. */
  readonly before: RoomState | undefined
  readonly bodies: readonly EventBody[]
  readonly facts: Facts
  readonly actor: UserId | null
  /** ms since 1970. */
  readonly now: number
}

export interface EngineParts {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly identity: Identity
  readonly rooms: Rooms
  readonly writer: Writer
  readonly settings: RoomSettings
}

/** Measured: with a second core a flood of messages is taken 1.2 times as fast, on a single one 0.8 times. */
const SPARE_CORE = availableParallelism() > 1

export class Engine {
  readonly #parts: EngineParts
  readonly #admission = new Admission()
  readonly #published: ((message: BusMessage) => void)[] = []
  readonly #describers: ((decided: Decided) => readonly Row[])[] = []
  readonly #followers: ((rows: readonly Row[]) => void)[] = []
  readonly #course: Course = {
    applied: (running, events) => this.#applied(running, events),
    settled: (running, outcome) => this.#settled(running, outcome),
    failed: (running, failure) => this.#fail(running, failure),
  }

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  /** Who acts on every event that this node commits, after everybody was told. Must not throw or wait. */
  onPublished(follow: (message: BusMessage) => void): void {
    this.#published.push(follow)
  }

  /** Who has rows to write in the transaction of what was decided; asked again when it is decided again. Must not throw:
   * nothing would be written. */
  onDecided(describe: (decided: Decided) => readonly Row[]): void {
    this.#describers.push(describe)
  }

  /** Who is told of such rows right after the commit that wrote them. Must not throw or wait. */
  onDescribed(follow: (rows: readonly Row[]) => void): void {
    this.#followers.push(follow)
  }

  /** What decisions are made by; for whoever asks beforehand what a decision would be. */
  get settings(): RoomSettings {
    return this.#parts.settings
  }

  get waiting(): number {
    return this.#admission.commands
  }

  /** Runs one command to its end. Every expected refusal is a value; the promise rejects for bugs alone. */
  submit(submission: Submission): Promise<Answer> {
    return new Promise((answered, failed) => this.begin(submission, { answered, failed }))
  }

  /** The same for whoever is told without a promise: in the turn of the commit, when everybody has been told of it. Where all
   * that the decision needs is in memory, the command has its place in the order of the room when this returns. */
  begin(submission: Submission, asker: Asker): void {
    const { session, bytes } = submission
    if (!this.#admission.enter(session, bytes)) {
      asker.answered({ rejected: 'busy' })
      return
    }
    const running = new Running(submission, asker, this.#course)
    let isHandedOn = false
    try {
      isHandedOn = this.#decideAtHand(running)
    } catch (error) {
      this.#fail(running, error)
      return
    }
    if (!isHandedOn) void this.#run(running)
  }

  async #run(running: Running): Promise<void> {
    let answer: Answer | null
    try {
      answer = await this.#decide(running)
    } catch (error) {
      this.#fail(running, error)
      return
    }
    if (answer !== null) this.#end(running, answer)
  }

  #end({ submission: { session, bytes }, asker }: Running, answer: Answer): void {
    this.#admission.leave(session, bytes)
    asker.answered(answer)
  }

  #fail(running: Running, error: unknown): void {
    if (error instanceof StoreFailure) {
      this.#end(running, { rejected: 'unavailable' })
      return
    }
    const { session, bytes } = running.submission
    this.#admission.leave(session, bytes)
    running.asker.failed(error)
  }

  /** Without a wait, as far as the writer; false where something has to be waited for, or it is not to be written. */
  #decideAtHand(running: Running): boolean {
    const { rooms, identity } = this.#parts
    const { submission } = running
    if (submission.beside || this.#defers(submission)) return false
    const state = rooms.peek(submission.room)
    const facts = state && atHand(identity, state.channel, needs(state, submission.command))
    if (!facts) return false
    const context = this.#contextOf(running, state)
    const decision = decide(state, submission.command, facts, context)
    if (isRejection(decision) || !isWritten(decision)) return false
    this.#write(running, state, facts, decision, context.now, NOTHING)
    return true
  }

  /** As far as the writer, or to the answer of what is not written; null when it was handed to the writer. */
  async #decide(running: Running): Promise<Answer | null> {
    const { rooms, identity } = this.#parts
    const { submission } = running
    const { room, command } = submission
    for (; running.attempt < ATTEMPTS; running.attempt++) {
      const beside = submission.beside ? await submission.beside() : NOTHING
      if (isRejection(beside)) return (await answeredBefore(this.#parts, submission, beside)) ?? beside
      const state = rooms.peek(room) ?? (await rooms.load(room))
      const channel = state?.channel ?? submission.channel
      if (channel === undefined) return { rejected: 'room.unknown' }
      const wanted = needs(state, command)
      const facts = atHand(identity, channel, wanted) ?? (await gather(identity, channel, wanted))
      if (!facts) return { rejected: 'room.unknown' }
      const context = this.#contextOf(running, state)
      const deferred = this.#defers(submission) ? new DeferredVerification() : null
      let decision = decide(state, command, facts, deferred ? { ...context, verify: deferred.verify } : context)
      if (deferred && !(await deferred.holds())) decision = decide(state, command, facts, context)
      const writes = !isRejection(decision) && isWritten(decision)
      // The store compares what a decision was made on, and what writes nothing never gets there, be it a refusal or that
      // nothing is to be done: another node may know better.
      if (!writes && !running.renewed && !this.#parts.bus.alone) {
        running.renewed = true
        await this.#renew(room, channel, wanted)
        // No race was lost by that.
        if (!context.raced) {
          running.seen = undefined
          running.attempt = -1
        }
        continue
      }
      if (isRejection(decision)) return (await answeredBefore(this.#parts, submission, decision)) ?? decision
      if (!writes) return { events: [], room: state as RoomState, repeated: false }
      this.#write(running, state, facts, decision, context.now, beside)
      return null
    }
    return { rejected: 'conflict', current: rooms.peek(room)?.epoch?.version ?? null }
  }

  #contextOf(running: Running, state: RoomState | undefined): Context {
    const { clock, settings } = this.#parts
    const epoch = state?.epoch?.version ?? null
    if (running.seen === undefined) running.seen = epoch
    const raced = running.attempt > 0
    return { now: clock.now(), raced, overtaken: epoch !== running.seen, settings, verify: verifyText }
  }

  #write(
    running: Running,
    before: RoomState | undefined,
    facts: Gathered,
    decision: Decision,
    now: number,
    beside: Beside,
  ): void {
    const { room, command } = running.submission
    const { events: bodies } = decision
    const decided = { room, before, bodies, facts, actor: command.actor, now }
    const described = bodies.length === 0 ? NO_ROWS : this.#describe(decided)
    const guards = together(facts.guards(), beside.guards)
    const rows = together(together(beside.rows, described), rowsOf(room, decision, this.#parts.store, now))
    const item = itemOf(running.submission, before, decision, now, { guards, rows })
    running.considered = { before, facts, decision, described, item }
    this.#parts.writer.put(running)
  }

  #describe(decided: Decided): readonly Row[] {
    let rows = NO_ROWS
    for (const describe of this.#describers) rows = together(rows, describe(decided))
    return rows
  }

  /** Right after the commit: what is in memory moves, and everybody is told. */
  #applied(running: Running, events: readonly RoomEvent[]): void {
    const { rooms, bus } = this.#parts
    const { before, facts, decision, described } = running.considered
    const after = fold(before, events) as RoomState
    running.after = after
    rooms.set(after)
    for (const event of events) {
      const message = publishEvent(bus, {
        event,
        before,
        room: after,
        channel: facts.channel,
        facts,
        origin: running.submission.session,
      })
      for (const follow of this.#published) follow(message)
    }
    const { notifications } = decision
    if (notifications && before) bus.publish(`user:${notifications.user}`, { kind: 'notifications', room: before })
    if (described.length > 0) for (const follow of this.#followers) follow(described)
  }

  #settled(running: Running, outcome: Outcome): void {
    if (outcome.outcome !== 'committed') void this.#again(running, outcome)
    else this.#end(running, { events: outcome.events, room: running.after as RoomState, repeated: false })
  }

  async #again(running: Running, outcome: Refused): Promise<void> {
    let settled: 'again' | Answer
    try {
      settled = await this.#settle(running, outcome)
    } catch (error) {
      this.#fail(running, error)
      return
    }
    if (settled !== 'again') {
      this.#end(running, settled)
      return
    }
    tally.decidedAgain += 1
    running.attempt += 1
    await this.#run(running)
  }

  /** Everything that a decision was made on, as the store has it now. */
  async #renew(room: RoomId, channel: string, { accounts, keys }: Needs): Promise<void> {
    const { rooms, identity } = this.#parts
    await Promise.all([
      rooms.refresh(room),
      identity.channels.renew(channel),
      ...accounts.map(user => identity.accounts.renew(user)),
      ...keys.map(user => identity.keys.renew(user)),
    ])
  }

  /**
   * The signature of one of many messages is verified by another thread. What was decided meanwhile may have moved on by
   * then: the append's conditions find that out, as they do while it waits for its transaction.
   */
  #defers({ command, unordered }: Submission): boolean {
    return SPARE_CORE && unordered === true && command.command === 'send-message' && this.#admission.commands > 1
  }

  /** What it means that an item was not written: to be decided again on newer knowledge, or an answer. */
  async #settle({ submission, considered }: Running, outcome: Refused): Promise<'again' | Answer> {
    const { rooms, identity } = this.#parts
    const { before, decision } = considered
    switch (outcome.outcome) {
      case 'moved':
        if ((rooms.peek(submission.room)?.control ?? 0) < outcome.control) await rooms.refresh(submission.room)
        return 'again'
      case 'stale':
        identity.forgetOne(outcome.guard.of, outcome.guard.id)
        return 'again'
      case 'taken': {
        const { claim, by } = outcome
        if (claim?.space === 'name') return { rejected: 'name.taken', name: claim.key }
        if (claim?.space === 'invite') return { rejected: 'invite.taken' }
        if (claim?.space === 'slot') return { rejected: 'slot.taken' }
        if (by !== null) return { rejected: 'room.taken', room: by as RoomId }
        return { rejected: 'conflict', current: before?.epoch?.version ?? null }
      }
      case 'exists':
        return (
          (await repeated(this.#parts, submission, outcome)) ?? {
            rejected: 'message.taken',
            key: decision.messageKeys?.[outcome.index]?.key ?? '',
          }
        )
    }
  }
}

function itemOf(
  submission: Submission,
  state: RoomState | undefined,
  decision: Decision,
  now: number,
  { guards, rows }: Beside,
): Item {
  const { room } = submission
  return {
    guards,
    append: {
      room,
      control: state?.control ?? 0,
      at: now,
      actor: submission.command.actor,
      bodies: decision.events,
      claims: decision.claims ?? [],
      releases: decision.releases ?? [],
      messageKeys: decision.messageKeys ?? [],
    },
    rows,
  }
}

function together<T>(some: readonly T[], more: readonly T[]): readonly T[] {
  if (more.length === 0) return some
  return some.length === 0 ? more : [...some, ...more]
}

function isWritten({ events, hides, notifications }: Decision): boolean {
  return events.length > 0 || hides !== undefined || notifications !== undefined
}

/** What follows from a decision beside the log, of which no event tells. */
function rowsOf(room: RoomId, { hides, notifications }: Decision, store: Store, now: number): readonly Row[] {
  if (hides) return [{ put: 'hidden', room, ...hides }]
  return notifications ? [putNotifications(room, notifications, store.newId(), now)] : NO_ROWS
}
const NO_ROWS: readonly Row[] = []

/** A write that the store could not make durable, seen outside of a command: nothing of it is there. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof StoreFailure
}
