// What every part of this wire works with: the server's parts, who listens to what, and who asks.
import type { Logger } from 'pino'
import type { Account } from '../../room/facts.ts'
import type { Token } from '../../store/store.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Uploads } from './files/uploads.ts'
import type { Broadcasts } from './live/broadcasts.ts'
import type { Feeds } from './live/feeds.ts'
import type { Onlookers } from './live/onlookers.ts'
import type { Presences } from './live/presences.ts'
import type { Pace } from './pace.ts'
import type { Invites } from './rooms/invites.ts'
import type { DdpSession } from './session.ts'
import type { Permissions } from './settings/permissions.ts'
import type { Settings } from './settings/settings.ts'
import type { People } from './users/people.ts'
import type { RoleHolders } from './users/role-holders.ts'
import type { Roles } from './users/roles.ts'

export interface Gate {
  readonly parts: GatewayParts
  readonly log: Logger
  readonly settings: Settings
  readonly permissions: Permissions
  readonly roles: Roles
  readonly holders: RoleHolders
  readonly people: People
  readonly invites: Invites
  readonly feeds: Feeds
  readonly broadcasts: Broadcasts
  readonly presences: Presences
  readonly onlookers: Onlookers
  readonly pace: Pace
  /** Files on their way in. */
  readonly uploads: Uploads
  /** Every open connection of this node. */
  readonly sessions: Set<DdpSession>
  /** Connections that are not read on, looked at until each can be read again. */
  readonly paused: Set<DdpSession>
  watchPaused(): void
}

/** Who asks, over DDP or REST. */
export interface Caller {
  readonly account: Account
  readonly token: Token | null
  /** Its place in the engine's queue. */
  readonly session: string
  /** null over REST. */
  readonly connection: DdpSession | null
  readonly address: string
  /** What the client calls itself; empty over DDP. */
  readonly agent: string
}
