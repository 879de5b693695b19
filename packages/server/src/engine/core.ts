// Everything between the adapters and the gateways, put together once: identity, rooms, writer, engine, sessions.
import type { ChannelId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Blobs } from '../blobs/blobs.ts'
import type { Bus } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Config } from '../config.ts'
import { Identity } from '../identity/identity.ts'
import { Passwords } from '../identity/passwords.ts'
import { DEAD_LETTERS } from '../limits.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Outlet } from '../outlet/outlet.ts'
import type { Presence } from '../presence/presence.ts'
import type { Quota } from '../quota/quota.ts'
import type { AclRules } from '../room/acl-rules.ts'
import type { RoomSettings } from '../room/facts.ts'
import type { Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import { Engine } from './engine.ts'
import { Expiry } from './expiry.ts'
import { KeyReset } from './key-reset.ts'
import { LastRead } from './last-read.ts'
import { Media } from './media.ts'
import { type Ending, endMemberships } from './memberships.ts'
import { rowsOfDeparted } from './notifications.ts'
import { Occupancy } from './occupancy.ts'
import { OutgoingEvents } from './outgoing.ts'
import { Reading } from './reading.ts'
import { Receipts } from './receipts.ts'
import { Reports } from './reports.ts'
import { Rooms } from './rooms.ts'
import { Sanctions } from './sanctions.ts'
import { Sessions } from './sessions.ts'
import { Standing } from './standing.ts'
import { Statuses } from './statuses.ts'
import { TemporaryRooms } from './temporary.ts'
import { Writer } from './writer.ts'

const HOUR = 3_600_000

export interface CoreParts {
  readonly config: Config
  /** By which every ACL is read and checked (`dino.acl`). */
  readonly acl: AclRules
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly nodes: Nodes
  readonly store: Store
  readonly blobs: Blobs
  readonly bus: Bus
  readonly presence: Presence
  readonly quota: Quota
  /** How the embedding site is told of events; null where nobody is. */
  readonly outlet: Outlet | null
}

export interface Core extends CoreParts {
  readonly identity: Identity
  readonly rooms: Rooms
  readonly writer: Writer
  readonly engine: Engine
  readonly sessions: Sessions
  readonly occupancy: Occupancy
  readonly temporary: TemporaryRooms
  readonly expiry: Expiry
  readonly reading: Reading
  readonly receipts: Receipts
  readonly media: Media
  readonly sanctions: Sanctions
  readonly outgoing: OutgoingEvents
  readonly statuses: Statuses
  readonly reports: Reports
  /** Memberships that end with an account, room by room. */
  readonly endMemberships: (ending: Ending) => ReturnType<typeof endMemberships>
  readonly keyReset: KeyReset
  /** Called after each transaction; for metrics. */
  onCommit(listener: (items: number, milliseconds: number) => void): void
  /** The channel for rooms made over Rocket.Chat or X; made on first use. */
  roomsChannel(): Promise<ChannelId>
  /** Resolves when everything is answered that waits to be written now. */
  settled(): Promise<void>
  close(): Promise<void>
}

export function buildCore(parts: CoreParts): Core {
  const { config, log, clock, random, nodes, store, bus, presence, quota } = parts
  const listeners: ((items: number, milliseconds: number) => void)[] = []
  const rooms = new Rooms(store, bus, clock)
  const writer = new Writer(store, {
    failed: failure => {
      log.warn({ reason: failure.message }, 'store failed, no longer ready')
      // It may be that this node counts no more.
      nodes.look()
    },
    recovered: () => {
      forget()
      log.warn({}, 'store opened anew, ready again')
    },
    committed: (items, milliseconds) => {
      for (const listener of listeners) listener(items, milliseconds)
    },
    bug: error => log.error({ err: error }, 'bug at a commit'),
  })
  const passwords = new Passwords()
  const identity = new Identity({
    store,
    write: writer.write,
    clock,
    random,
    passwords,
    quota,
    bus,
    ids: { next: () => store.newId() },
    failedLogins: config.limits.failedLogins,
  })
  const settings: RoomSettings = {
    acl: parts.acl,
    lockstep: config.rocketchat.lockstep,
    groupSize: config.limits.groupSize,
    updateGroupKey: config.rocketchat.updateGroupKey,
  }
  const engine = new Engine({ store, bus, clock, identity, rooms, writer, settings })
  const sessions = new Sessions({ presence, bus, clock, random, identity })
  const statuses = new Statuses({ presence, bus, identity, clock, write: writer.write })
  const occupancy = new Occupancy({
    presence,
    bus,
    clock,
    identity,
    rooms,
    sessions,
    statuses,
    acl: settings.acl,
    bug: error => log.error({ err: error }, 'bug in putting somebody out of a room'),
  })
  const forget = (): void => {
    rooms.clear()
    identity.forget()
  }
  const standing = new Standing({ nodes, sessions, occupancy, log, forget })
  engine.onDecided(rowsOfDeparted)
  const expiry = new Expiry({ store, write: writer.write, bus, clock, nodes, rooms, log })
  engine.onPublished(message => {
    occupancy.follow(message)
    expiry.follow(message)
  })
  const temporary = new TemporaryRooms({
    store,
    clock,
    nodes,
    presence,
    rooms,
    engine,
    log,
    rule: config.rooms.temporary,
    grace: config.rooms.grace * 1_000,
    delayed: config.dino.delayedRemoval,
  })
  const receipts = new Receipts(writer.write, bus)
  const lastRead = new LastRead({
    store,
    receipts,
    clock,
    log,
    enabled: config.dino.history.type === 'unread',
    acked: config.dino.deliveryGuarantee,
  })
  occupancy.onDeparture(lastRead)
  occupancy.onDeparture(temporary)
  const outgoing = new OutgoingEvents({
    store,
    write: writer.write,
    bus,
    clock,
    nodes,
    random,
    log,
    outlet: parts.outlet,
    patience: config.outlet.hours * HOUR,
    most: config.outlet.most,
    mostDead: DEAD_LETTERS,
  })
  if (outgoing.enabled) listeners.push(() => outgoing.wake())
  const reading = new Reading({ store, identity, rooms, clock, acl: settings.acl })
  const media = new Media({
    store,
    write: writer.write,
    blobs: parts.blobs,
    reading,
    engine,
    clock,
    nodes,
    random,
    log,
    limits: config.limits.media,
  })
  return {
    ...parts,
    identity,
    rooms,
    writer,
    engine,
    sessions,
    occupancy,
    temporary,
    expiry,
    reading,
    receipts,
    media,
    statuses,
    reports: new Reports(),
    keyReset: new KeyReset({ identity, reading, engine }),
    sanctions: new Sanctions({ store, write: writer.write, bus, clock, identity, rooms, engine, occupancy }),
    outgoing,
    endMemberships: ending => endMemberships({ store, engine }, ending),
    onCommit: listener => void listeners.push(listener),
    roomsChannel: () => roomsChannel({ store, writer, config }),
    settled: () => writer.settled(),
    close: async () => {
      temporary.stop()
      await standing.stop()
      await expiry.stop()
      sessions.endAll('the server stops')
      await media.stop()
      await outgoing.close()
      await writer.close()
      await passwords.close()
      await bus.close()
      await nodes.close()
      await store.close()
    },
  }
}

/** What nodes that start together make once. */
const ONCE = { kind: 'server', key: 'rooms.channel' } as const

/** `meta` remembers which channel it is, so that an operator may rename it. */
async function roomsChannel({ store, writer, config }: Pick<Core, 'store' | 'writer' | 'config'>): Promise<ChannelId> {
  const known = await store.meta('rooms.channel')
  if (known !== undefined) return known as ChannelId
  const id = store.newId() as ChannelId
  const channel = {
    id,
    name: config.rooms.channel,
    sort: 1_000,
    tags: [],
    owners: [],
    admins: [],
    acls: [],
    sanctions: [],
  }
  const outcome = await writer.write({
    guards: [
      { of: 'channel', id, version: 0 },
      { of: 'document', id: `${ONCE.kind}/${ONCE.key}`, version: 0 },
    ],
    append: null,
    rows: [
      { put: 'channel', channel },
      { put: 'meta', key: 'rooms.channel', value: id },
      { put: 'document', document: { ...ONCE, owner: '', body: '{}', dueAt: null } },
    ],
  })
  if (outcome.outcome === 'committed') return id
  const theirs = await store.meta('rooms.channel')
  if (theirs === undefined) throw new StoreFailure('the channel for rooms could not be made')
  return theirs as ChannelId
}
