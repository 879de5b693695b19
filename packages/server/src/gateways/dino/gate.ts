// What the events of this wire share: the parts of the server, the live sockets and what is remembered between them.
import type { Logger } from 'pino'
import type { Session } from '../../engine/sessions.ts'
import type { Turn } from '../../fanout/turn.ts'
import type { Account, Channel } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Activity, Read } from './activity.ts'
import type { Directory } from './directory.ts'
import { published, type Stamp } from './encode.ts'
import { type Refusal, refusalOf } from './errors.ts'
import type { Feeds } from './feeds.ts'
import type { Heartbeats } from './http/heartbeats.ts'
import type { Joins } from './http/joins.ts'
import type { Operators } from './operators.ts'
import type { Served } from './request.ts'
import type { DinoSession } from './session.ts'
import type { WhisperCheck } from './whisper-check.ts'
import type { Words } from './words.ts'

export interface Gate {
  readonly parts: GatewayParts
  readonly log: Logger
  readonly turn: Turn
  readonly feeds: Feeds
  readonly directory: Directory
  readonly words: Words
  readonly whisperCheck: WhisperCheck
  readonly joins: Joins
  readonly heartbeats: Heartbeats
  readonly operators: Operators
  /** How an event of that name is served; undefined for one that nobody knows. */
  readonly served: (event: unknown) => Served | undefined
  /** Every open socket, logged in or not. */
  readonly sockets: Set<DinoSession>
  /** Sockets that are not read on at the moment. */
  readonly paused: Paused
  /** True while the server stops: sockets that go now take nothing with them. */
  closing: boolean
}

export interface Paused {
  add(session: DinoSession): void
  delete(session: DinoSession): void
}

/** One request of a logged-in session. */
export interface Asked {
  readonly gate: Gate
  readonly session: DinoSession
  readonly live: Session
  readonly account: Account
  readonly activity: Activity
  /** For pipelined events: handed to the engine, the next may come. */
  placed(): void
  /** Answers from within, where the moment matters; the handler then gives `answered`. */
  answer(answer: Answer): void
  /** Its end, once, where the handler gave `later`: with the answer, or with what went wrong. */
  end(answer: Answer): void
  fail(error: unknown): void
}

/** A log-in, whatever was sent. */
export interface LoginAsked {
  readonly gate: Gate
  readonly session: DinoSession
  readonly read: Read
  answer(answer: Answer): void
}

export type Answer =
  | { readonly data: object | null }
  /** `data` as JSON text that exists already. */
  | { readonly json: string }
  /** A message that was sent, as its push. */
  | { readonly sent: Buffer }
  /** `silent`: an ack alone, no event. */
  | { readonly refused: Refusal; readonly silent?: true }

/** `later`: by `end` or `fail`. */
export type Handled = Answer | 'answered' | 'later'
export type EventHandler = (asked: Asked) => Handled | Promise<Handled>
export type LoginHandler = (asked: LoginAsked) => Promise<Answer | 'answered'>

export const DONE: Answer = { data: null }

export function refused(refusal: Refusal): Answer {
  return { refused: refusal }
}

export function stamp({ parts }: Pick<Gate, 'parts'>): Stamp {
  return { id: randomUuid(parts), published: published(parts.clock.now()) }
}

function randomUuid({ random }: GatewayParts): string {
  const hex = Buffer.from(random.bytes(16)).toString('hex')
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

export function rejectionAnswer(gate: Gate, rejection: Rejection, room?: RoomState, channel?: Channel): Answer {
  return refused(refusalOf(rejection, { now: gate.parts.clock.now(), room, channel }))
}
