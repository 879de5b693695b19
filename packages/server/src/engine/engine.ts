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
import type { Decision, MessageKey } from '../room/decision.ts'
import type { EventBody, RoomEvent } from '../room/events.ts'
import type { Context, Facts, Needs, RoomSettings } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { RoomState } from '../room/state.ts'
import type { Guard, Item, Outcome, Row, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import { tally } from '../tally.ts'
import { Admission } from './admission.ts'
import { Gathered, gather } from './facts.ts'
import { putNotifications } from './notifications.ts'
import { publishEvent } from './publish.ts'
import type { Rooms } from './rooms.ts'
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
  async submit(submission: Submission): Promise<Answer> {
    const { session, bytes } = submission
    if (!this.#admission.enter(session, bytes)) return { rejected: 'busy' }
    try {
      return await this.#run(submission)
    } catch (error) {
      if (error instanceof StoreFailure) return { rejected: 'unavailable' }
      throw error
    } finally {
      this.#admission.leave(session, bytes)
    }
  }

  async #run(submission: Submission): Promise<Answer> {
    const { rooms, identity, clock, settings, writer } = this.#parts
    const { room, command, session } = submission
    let seen: string | null | undefined
    let renewed = false
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const beside = submission.beside ? await submission.beside() : NOTHING
      if (isRejection(beside)) return (await this.#answeredBefore(submission, beside)) ?? beside
      const state = rooms.peek(room) ?? (await rooms.load(room))
      const channel = state?.channel ?? submission.channel
      if (channel === undefined) return { rejected: 'room.unknown' }
      const wanted = needs(state, command)
      const gathered = gather(identity, channel, wanted)
      const facts = gathered instanceof Gathered ? gathered : await gathered
      if (!facts) return { rejected: 'room.unknown' }
      const epoch = state?.epoch?.version ?? null
      if (seen === undefined) seen = epoch
      const raced = attempt > 0
      const context: Context = { now: clock.now(), raced, overtaken: epoch !== seen, settings, verify: verifyText }
      const deferred = this.#defers(submission) ? new DeferredVerification() : null
      let decision = decide(state, command, facts, deferred ? { ...context, verify: deferred.verify } : context)
      if (deferred && !(await deferred.holds())) decision = decide(state, command, facts, context)
      const writes = !isRejection(decision) && (decision.events.length > 0 || decision.hides || decision.notifications)
      // The store compares what a decision was made on, and what writes nothing never gets there, be it a refusal or that
      // nothing is to be done: another node may know better.
      if (!writes && !renewed && !this.#parts.bus.alone) {
        renewed = true
        await this.#renew(room, channel, wanted)
        // No race was lost by that.
        if (!raced) {
          seen = undefined
          attempt = -1
        }
        continue
      }
      if (isRejection(decision)) return (await this.#answeredBefore(submission, decision)) ?? decision
      if (!writes) return { events: [], room: state as RoomState, repeated: false }
      const { events: bodies, notifications } = decision
      const { now } = context
      const decided = { room, before: state, bodies, facts, actor: command.actor, now }
      const rows = bodies.length === 0 ? [] : this.#describers.flatMap(describe => describe(decided))
      const own = rowsOf(room, decision, this.#parts.store, now)
      const item = itemOf(submission, state, decision, facts, now, {
        ...beside,
        rows: [...beside.rows, ...rows, ...own],
      })
      let after = state
      const outcome = await writer.write(item, events => {
        after = fold(state, events) as RoomState
        rooms.set(after)
        for (const event of events) {
          const message = publishEvent(this.#parts.bus, {
            event,
            before: state,
            room: after,
            channel: facts.channel,
            facts,
            origin: session,
          })
          for (const follow of this.#published) follow(message)
        }
        if (notifications && state)
          this.#parts.bus.publish(`user:${notifications.user}`, { kind: 'notifications', room: state })
        if (rows.length > 0) for (const follow of this.#followers) follow(rows)
      })
      if (outcome.outcome === 'committed') return { events: outcome.events, room: after as RoomState, repeated: false }
      const settled = await this.#settle(submission, state, decision, outcome)
      if (settled !== 'again') return settled
      tally.decidedAgain += 1
    }
    return { rejected: 'conflict', current: rooms.peek(room)?.epoch?.version ?? null }
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
  async #settle(
    submission: Submission,
    state: RoomState | undefined,
    decision: Decision,
    outcome: Exclude<Outcome, { outcome: 'committed' }>,
  ): Promise<'again' | Answer> {
    const { rooms, identity } = this.#parts
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
        return { rejected: 'conflict', current: state?.epoch?.version ?? null }
      }
      case 'exists':
        return (
          (await this.#repeated(submission, outcome)) ?? {
            rejected: 'message.taken',
            key: decision.messageKeys?.[outcome.index]?.key ?? '',
          }
        )
    }
  }

  /** A message that is refused now may be one that was taken before: its sender gets the first answer (L7). */
  async #answeredBefore(submission: Submission, rejection: Rejection): Promise<Answer | null> {
    const sent = repeatable(submission.command)
    if (!sent || !REFUSED_BY_TIME.has(rejection.rejected)) return null
    const known = await this.#parts.store.messageKey(sent.key)
    return known ? this.#repeated(submission, known) : null
  }

  async #repeated(
    submission: Submission,
    known: { readonly room: RoomId; readonly sequence: number; readonly by: UserId; readonly digest: string },
  ): Promise<Answer | null> {
    const { command, room } = submission
    const sent = repeatable(command)
    if (!sent || known.by !== sent.by || known.room !== room || known.digest !== sent.digest) return null
    const state = await this.#parts.rooms.load(room)
    if (!state) return null
    // Of a deletion that nobody is told of there is none.
    if (command.command === 'delete-signed') return { events: [], room: state, repeated: true }
    const event = await this.#parts.store.eventAt(room, known.sequence)
    return event ? { events: [event], room: state, repeated: true } : null
  }
}

/** Under which id something is sent that gets its first answer when it is sent again, and what it is. */
function repeatable(command: Command): MessageKey | null {
  if (command.command === 'send-message') {
    const { actor: by, messageId: key, digest } = command
    return by === null || key === null ? null : { key, digest, by }
  }
  if (command.command !== 'delete-signed') return null
  const [signature] = command.signatures
  return signature ? { key: signature.messageId, digest: command.digest, by: command.actor } : null
}

/** Refusals that come of time having gone on since the first sending, not of what the sender is. */
const REFUSED_BY_TIME: ReadonlySet<Rejection['rejected']> = new Set([
  'epoch.stale',
  'room.closed',
  'room.archived',
  'room.readonly',
  'muted',
  'message.plaintext',
  'message.suite',
  'medium.unknown',
  'hidden.full',
])

function itemOf(
  submission: Submission,
  state: RoomState | undefined,
  decision: Decision,
  facts: Gathered,
  now: number,
  beside: Beside,
): Item {
  const { room } = submission
  return {
    guards: [...facts.guards(), ...beside.guards],
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
    rows: beside.rows,
  }
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
