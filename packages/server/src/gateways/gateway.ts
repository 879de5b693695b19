// What a gateway is given and what it gives. A gateway is a translator: a wire request into a command, an event
// into wire frames, a rejection into its own error codes. It imports no other gateway and no adapter (design 3).
import type { Server } from 'node:http'
import type { ChannelId, RoomId } from '@conclave/wire'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Bus } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Engine } from '../engine/engine.ts'
import type { KeyReset } from '../engine/key-reset.ts'
import type { Media } from '../engine/media.ts'
import type { Ending } from '../engine/memberships.ts'
import type { Occupancy } from '../engine/occupancy.ts'
import type { OutgoingEvents } from '../engine/outgoing.ts'
import type { Reading } from '../engine/reading.ts'
import type { Receipts } from '../engine/receipts.ts'
import type { Reports } from '../engine/reports.ts'
import type { Sanctions } from '../engine/sanctions.ts'
import type { Sessions } from '../engine/sessions.ts'
import type { Statuses } from '../engine/statuses.ts'
import type { Turn } from '../fanout/turn.ts'
import type { Identity } from '../identity/identity.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Calls } from '../outlet/calls.ts'
import type { Presence } from '../presence/presence.ts'
import type { Quota } from '../quota/quota.ts'
import type { Rejection } from '../room/rejection.ts'
import type { Write } from '../store/store.ts'
import type { Peers } from './peers/peers.ts'
import type { Straight } from './straight.ts'

export interface GatewayParts {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly bus: Bus
  readonly nodes: Nodes
  readonly quota: Quota
  readonly presence: Presence
  readonly identity: Identity
  readonly engine: Engine
  readonly sessions: Sessions
  readonly occupancy: Occupancy
  readonly reading: Reading
  /** What users have read and keep. */
  readonly receipts: Receipts
  /** Files of rooms. */
  readonly media: Media
  readonly sanctions: Sanctions
  /** Memberships that end with an account, room by room. */
  endMemberships(ending: Ending): Promise<{ readonly left: readonly RoomId[] } | Rejection>
  /** What the embedding site is told of (dino.md section 13). */
  readonly outgoing: OutgoingEvents
  readonly statuses: Statuses
  readonly reports: Reports
  readonly keyReset: KeyReset
  /** HTTP calls to addresses that clients named. */
  readonly calls: Calls
  /** By which requests go to the node where their session lives; null for one node alone. */
  readonly peers: Peers | null
  /** The one writer's turn: gateways make their groups and outlets of it. */
  readonly turn: Turn
  /** Fastify before it listens: routes are registered on it in a plugin of the gateway's own. */
  readonly http: FastifyInstance
  /** The way past it, for what is sent all the time. */
  readonly straight: Straight
  /** The same port's server, for WebSocket upgrades. */
  readonly server: Server
  /** The channel in which rooms lie that are made over Rocket.Chat or X (`rooms.channel`). */
  readonly roomsChannel: ChannelId
  /** Rows beside the logs, in the engine's next transaction. */
  readonly write: Write
  /** Where clients reach this server, without a slash at the end. Known once it listens. */
  publicUrl(): string
  /** A new id for a room. */
  newId(): string
  /** The address of the client: the peer's, or what a trusted proxy says. */
  addressOf(request: {
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    readonly socket: { readonly remoteAddress?: string | undefined }
  }): string
}

export interface Gateway {
  readonly name: 'dino' | 'rocketchat' | 'xchat'
  /** Paths of WebSocket upgrades that this gateway answers, as prefixes. */
  readonly upgrades: readonly string[]
  /** URLs of requests that bring files: they may take long to arrive, and the gateway cuts those that stall. */
  readonly uploads?: RegExp
  /** Its answer, status 400, to a URL under `prefix` that cannot be read and so reaches none of its routes. */
  readonly unreadableUrl?: { readonly prefix: string; readonly type: string; readonly body: object }
  /** Closes its sockets with the wire's own code. Commits that run are finished by then. */
  close(): Promise<void>
}
