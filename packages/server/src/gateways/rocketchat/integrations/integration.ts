// Incoming webhooks: an address at which another program posts messages into rooms, without a script of anybody's in between.
// Kept as documents, of whoever made them. Rooms are remembered by id, so that a hook never follows a name elsewhere.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { RoomId, UserId } from '@conclave/wire'
import type { Document as Stored } from '../../../store/store.ts'
import { accountOf, type Document } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { HOOK_SECRET, INTEGRATIONS, INTEGRATIONS_EACH } from '../limits.ts'
import { SERVER } from '../names.ts'
import type { Permission } from '../settings/permission-table.ts'
import type { Settled } from './settle.ts'

export const KIND = 'rocketchat.integration'

export interface Integration extends Settled {
  readonly id: string
  /** In the hook's address: whoever has it may post. */
  readonly secret: string
  readonly by: UserId
  /** ms since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** A room that a hook posts to, as its maker named it; a user's is found anew for each post. */
export interface Target {
  readonly name: string
  readonly room: RoomId | null
}

export interface Rights {
  /** All integrations. */
  readonly all: boolean
  /** Those of their own. */
  readonly own: boolean
}

/** Whoever has one of these may look at webhooks at all, as far as they may manage them. */
export const MANAGING: readonly Permission[] = [
  'manage-incoming-integrations',
  'manage-own-incoming-integrations',
  'manage-outgoing-integrations',
  'manage-own-outgoing-integrations',
]

export function rightsOf({ permissions }: Gate, { account }: Caller): Rights {
  return {
    all: permissions.may(account, 'manage-incoming-integrations'),
    own: permissions.may(account, 'manage-own-incoming-integrations'),
  }
}

export const notAuthorized = new MeteorError('not_authorized', 'Unauthorized')
export const outgoingRefused = new MeteorError(
  'error-not-supported',
  'This server has no outgoing webhooks of its users: its operator sets those of the server (outlet.webhooks)',
)

/** One that the caller may see and change, with its version. */
export async function integrationFor(
  gate: Gate,
  caller: Caller,
  id: string,
): Promise<{ readonly integration: Integration; readonly version: number } | undefined> {
  const { all, own } = rightsOf(gate, caller)
  const stored = await gate.parts.reading.document(KIND, id)
  if (!stored) return undefined
  const integration = integrationIn(stored)
  return all || (own && integration.by === caller.account.id) ? { integration, version: stored.version } : undefined
}

/** Whoever calls with an id and a secret: the one they belong to, compared in a time that does not depend on how much fits. */
export async function integrationCalled(gate: Gate, id: string, secret: string): Promise<Integration | undefined> {
  const stored = await gate.parts.reading.document(KIND, id)
  const integration = stored && integrationIn(stored)
  return isSame(secret, integration?.secret ?? '') && integration?.secret !== '' ? integration : undefined
}

/** Those that the caller may see, newest first. */
export async function integrationsFor(gate: Gate, caller: Caller): Promise<Integration[]> {
  const { all } = rightsOf(gate, caller)
  const owner = all ? {} : { owner: caller.account.id }
  const stored = await gate.parts.reading.documents(KIND, { ...owner, limit: INTEGRATIONS })
  return stored.map(integrationIn).sort((a, b) => b.createdAt - a.createdAt)
}

export async function addIntegration(gate: Gate, caller: Caller, settled: Settled): Promise<Integration | MeteorError> {
  const { reading, random, clock } = gate.parts
  const held = await reading.documents(KIND, { limit: INTEGRATIONS })
  if (held.length >= INTEGRATIONS || (await reading.countDocuments(KIND, caller.account.id)) >= INTEGRATIONS_EACH)
    return new MeteorError('error-too-many-integrations', 'There are too many integrations')
  const now = clock.now()
  const text = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex')
  const integration = {
    ...settled,
    id: text(9),
    secret: text(HOOK_SECRET),
    by: caller.account.id,
    createdAt: now,
    updatedAt: now,
  }
  return (await put(gate, integration, 0)) ? integration : conflict
}

export async function changeIntegration(
  gate: Gate,
  before: Integration,
  version: number,
  settled: Settled,
): Promise<Integration | MeteorError> {
  const integration = { ...before, ...settled, updatedAt: gate.parts.clock.now() }
  return (await put(gate, integration, version)) ? integration : conflict
}

export async function removeIntegration(gate: Gate, { id }: Integration, version: number): Promise<MeteorError | null> {
  const guards = [{ of: 'document', id: `${KIND}/${id}`, version } as const]
  const done = await gate.parts.write({ guards, append: null, rows: [{ drop: 'document', kind: KIND, key: id }] })
  return done.outcome === 'committed' ? null : conflict
}

const conflict = new MeteorError('error-conflict', 'Somebody else changed the integration at the same time, try again')

async function put(gate: Gate, { id, ...body }: Integration, version: number): Promise<boolean> {
  const document = { kind: KIND, key: id, owner: body.by, body: JSON.stringify(body), dueAt: null }
  const guards = [{ of: 'document', id: `${KIND}/${id}`, version } as const]
  const done = await gate.parts.write({ guards, append: null, rows: [{ put: 'document', document }] })
  return done.outcome === 'committed'
}

function integrationIn({ key, body }: Stored): Integration {
  return { id: key, ...(JSON.parse(body) as Omit<Integration, 'id'>) }
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** For those who may manage it: with its secret, which makes up its address. */
export async function integrationDocument(gate: Gate, integration: Integration): Promise<Document> {
  const { id, name, enabled, as, targets, alias, emoji, avatar, elsewhere, secret, by, createdAt } = integration
  const [poster, maker] = await Promise.all([as && accountOf(gate.parts, as), accountOf(gate.parts, by)])
  return {
    _id: id,
    type: 'webhook-incoming',
    name,
    enabled,
    username: poster?.username ?? SERVER.username,
    userId: as ?? SERVER._id,
    channel: targets.map(target => target.name),
    ...(alias ? { alias } : {}),
    ...(emoji ? { emoji } : {}),
    ...(avatar ? { avatar } : {}),
    scriptEnabled: false,
    script: '',
    overrideDestinationChannelEnabled: elsewhere,
    token: secret,
    _createdAt: new Date(createdAt),
    _createdBy: { _id: by, username: maker?.username ?? '' },
    _updatedAt: new Date(integration.updatedAt),
  }
}
